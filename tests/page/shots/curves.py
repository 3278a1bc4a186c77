"""Histories of trainings that nobody has run."""

import math
from collections.abc import Iterable

import numpy as np

from models_store.experiments.points import MetricValues, Point


def curve(epochs: int, accuracy: float, random: np.random.Generator) -> list[Point]:
    """A history that rises to `accuracy` in validation, and overfits a little from its middle on."""
    return [_point(epoch, epochs, accuracy, random) for epoch in range(epochs)]


def _point(epoch: int, epochs: int, accuracy: float, random: np.random.Generator) -> Point:
    done = (epoch + 1) / epochs
    reached = accuracy * (1 - 0.8 * math.exp(-5 * done - 0.5))
    loss = 2.3 * math.exp(-4 * done) + 0.05
    noise = random.normal(0, 0.008, 4)
    values = (reached + 0.02 * done, loss, reached, loss + 0.25 * done**2)
    names = ("accuracy", "loss", "val_accuracy", "val_loss")
    metrics: MetricValues = {
        name: round(float(value + each), 6) for name, value, each in zip(names, values, noise, strict=True)
    }
    return Point(epoch=epoch, seconds=2.4, metrics={**metrics, "learning_rate": round(0.001 * (1 - 0.9 * done), 8)})


def broken_point(epoch: int) -> Point:
    names: Iterable[str] = ("accuracy", "loss", "val_accuracy", "val_loss")
    return Point(epoch=epoch, seconds=2.4, metrics=dict.fromkeys(names))
