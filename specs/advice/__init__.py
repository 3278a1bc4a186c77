"""Warnings about specs that are valid but likely to disappoint."""

from specs.advice.augmentation import augmentation_warnings
from specs.advice.network import network_warnings
from specs.advice.training import training_warnings
from specs.experiment import ExperimentSpec


def warnings_for(spec: ExperimentSpec) -> list[str]:
    """One sentence per warning: what was found, its consequence, what to do."""
    return [*training_warnings(spec), *augmentation_warnings(spec), *network_warnings(spec)]
