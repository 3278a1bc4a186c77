"""Plots of experiments and specs, as PNG and SVG.

Importing Matplotlib takes a second and 45 MB. The modules that draw are therefore loaded when they are first used, as
attributes of this package: `plots.history.history_figure`.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.plots import (
        augmentation,
        augmented_samples,
        classes,
        confusion,
        figure,
        histories,
        history,
        learning_rate,
        misclassified,
        points,
        reliability,
        sweep,
    )

__all__ = [
    "augmentation",
    "augmented_samples",
    "classes",
    "confusion",
    "figure",
    "histories",
    "history",
    "learning_rate",
    "misclassified",
    "points",
    "reliability",
    "sweep",
]


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
