"""What is allowed but likely to disappoint."""

from specs.advice.augmentation import augmentation_warnings
from specs.advice.network import network_warnings
from specs.advice.training import training_warnings
from specs.experiment import ExperimentSpec


def warnings_for(spec: ExperimentSpec) -> list[str]:
    """One sentence each: what was found, what comes of it, what to do."""
    return [*training_warnings(spec), *augmentation_warnings(spec), *network_warnings(spec)]
