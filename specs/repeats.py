"""The same experiment with other seeds."""

from specs import limits
from specs.experiment import ExperimentSpec


def repeat(spec: ExperimentSpec, number: int) -> ExperimentSpec:
    """Its repetition `number`, from 0, with a seed that is so much higher. The splits stay the same."""
    seed = (spec.training.seed + number) % (limits.SEED + 1)
    return spec.model_copy(update={"training": spec.training.model_copy(update={"seed": seed})})
