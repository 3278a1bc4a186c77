"""Warnings about specs that are valid but likely to disappoint."""

from specs.advice.advice import Advice
from specs.advice.augmentation import augmentation_advice
from specs.advice.network import network_advice
from specs.advice.training import training_advice
from specs.experiment import ExperimentSpec

__all__ = ["Advice", "advice_for", "warnings_for"]


def advice_for(spec: ExperimentSpec) -> list[Advice]:
    """Every change that it suggests gives a valid spec, without the same warning."""
    return [*training_advice(spec), *augmentation_advice(spec), *network_advice(spec)]


def warnings_for(spec: ExperimentSpec) -> list[str]:
    """One sentence per warning: what was found, its consequence, what to do."""
    return [advice.sentence for advice in advice_for(spec)]
