"""The learning curve of one metric, and the properties of its shape."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TypeGuard

from models_store.experiments.points import Point

# An odd number of epochs, so that an epoch is the middle of its window; single epochs vary too much to be compared
# (Prechelt 1998 looks at strips of five for the same reason).
_WINDOW, _SHORT_WINDOW = 5, 3
_SHORT = 10  # epochs: a window of five would blur half of so short a curve
# Sums and quotients of numbers in between are still finite; a loss beyond them means no more than infinity or zero.
_LARGEST, _SMALLEST = 1e100, 1e-30


@dataclass(frozen=True)
class Curve:
    """The finite values of a metric, and their epochs (from 0)."""

    epochs: tuple[int, ...]
    values: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def smoothed(self) -> tuple[float, ...]:
        """Means over a window around each epoch; the window is cut off at both ends."""
        half = (_WINDOW if len(self) >= _SHORT else _SHORT_WINDOW) // 2
        windows = (self.values[max(0, index - half) : index + half + 1] for index in range(len(self)))
        return tuple(sum(window) / len(window) for window in windows)

    @property
    def start(self) -> float:
        return self.smoothed[0]

    @property
    def end(self) -> float:
        """The last smoothed value."""
        return self.smoothed[-1]

    @cached_property
    def lowest(self) -> int:
        """The index of the smallest smoothed value."""
        return min(range(len(self)), key=self.smoothed.__getitem__)

    @property
    def jumps(self) -> float:
        """The mean distance of the values from the smoothed curve, in the unit of the metric."""
        return fmean(abs(value - level) for value, level in zip(self.values, self.smoothed, strict=True))

    @property
    def roughness(self) -> float:
        """`jumps` as a share of the mean value."""
        return ratio(self.jumps, fmean(self.values))

    @property
    def falling(self) -> float:
        """The share of epochs with a lower value than the epoch before."""
        steps = list(zip(self.values, self.values[1:], strict=False))
        return ratio(sum(after < before for before, after in steps), len(steps))

    def at(self, epoch: int) -> float | None:
        """The value of `epoch`, None if it is missing."""
        return self.values[self.epochs.index(epoch)] if epoch in self.epochs else None

    def since(self, index: int) -> "Curve":
        return Curve(self.epochs[index:], self.values[index:])


def curve(points: Sequence[Point], metric: str) -> Curve:
    """Without the epochs in which `metric` is missing, null or not finite."""
    found = [(point.epoch, value) for point in points if is_number(value := point.metrics.get(metric))]
    return Curve(tuple(epoch for epoch, _ in found), tuple(value for _, value in found))


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) < _LARGEST


def ratio(part: float, whole: float) -> float:
    """`part / whole`; 0 if `whole` is practically 0."""
    return part / whole if whole > _SMALLEST else 0.0
