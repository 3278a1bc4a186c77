"""One metric of a history, and what can be read from its shape."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TypeGuard

from models_store.experiments.record import Point

# An odd number of epochs, so that an epoch is the middle of its window; single epochs jump too much to be compared
# (Prechelt 1998 looks at strips of five for the same reason).
_WINDOW, _SHORT_WINDOW = 5, 3
_SHORT = 10  # epochs: a window of five would blur half of so short a curve
# Sums and quotients of numbers in between are still finite; a loss beyond them means no more than infinity or zero.
_LARGEST, _SMALLEST = 1e100, 1e-30


@dataclass(frozen=True)
class Curve:
    """The finite values of a metric, and the epochs (from 0) that they belong to."""

    epochs: tuple[int, ...]
    values: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def smoothed(self) -> tuple[float, ...]:
        """Means over a window around each epoch, which is cut off at both ends."""
        half = (_WINDOW if len(self) >= _SHORT else _SHORT_WINDOW) // 2
        windows = (self.values[max(0, place - half) : place + half + 1] for place in range(len(self)))
        return tuple(sum(window) / len(window) for window in windows)

    @property
    def start(self) -> float:
        return self.smoothed[0]

    @property
    def end(self) -> float:
        """The level that the curve ends on."""
        return self.smoothed[-1]

    @cached_property
    def lowest(self) -> int:
        """The place of the smallest smoothed value."""
        return min(range(len(self)), key=self.smoothed.__getitem__)

    @property
    def jumps(self) -> float:
        """The mean distance of an epoch's value from the smoothed curve, in the metric's own unit."""
        return fmean(abs(value - level) for value, level in zip(self.values, self.smoothed, strict=True))

    @property
    def roughness(self) -> float:
        """`jumps` as a share of the mean value."""
        return ratio(self.jumps, fmean(self.values))

    @property
    def falling(self) -> float:
        """The share of epochs that end below the one before."""
        steps = list(zip(self.values, self.values[1:], strict=False))
        return ratio(sum(after < before for before, after in steps), len(steps))

    def since(self, place: int) -> "Curve":
        return Curve(self.epochs[place:], self.values[place:])


def curve(points: Sequence[Point], metric: str) -> Curve:
    """Without the epochs in which `metric` is missing, null or not finite."""
    found = [(point.epoch, value) for point in points if is_number(value := point.metrics.get(metric))]
    return Curve(tuple(epoch for epoch, _ in found), tuple(value for _, value in found))


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) < _LARGEST


def ratio(part: float, whole: float) -> float:
    """`part / whole`; 0 where there is no whole to speak of."""
    return part / whole if whole > _SMALLEST else 0.0
