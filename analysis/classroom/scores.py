"""Scores on a hidden test split, their intervals, and whether two of them differ."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.comparison.significance import LEVEL, Interval, difference_interval, mcnemar, wilson_interval
from models_store.frozen import Frozen
from specs.assignment import Metric

Rights = NDArray[np.bool_]
Classes = NDArray[np.int64]
# A balanced accuracy is resampled class by class, and so often.
_RESAMPLES = 2_000
_SEED = 20_000


class Difference(Frozen):
    """Of a score to that of another submission, on the same samples, with its 95 % interval. `p_value` is McNemar's,
    null for a balanced accuracy."""

    to: str
    difference: float
    low: float
    high: float
    p_value: float | None

    @property
    def is_shown(self) -> bool:
        """Whether it is more than chance explains, at the level of 95 %."""
        if self.p_value is not None:
            return self.p_value < 1 - LEVEL
        return not self.low <= 0 <= self.high


class Half(NamedTuple):
    """A half of the test split: `rows` (samples,) says which are in it, `truth` (samples,) are class indices."""

    metric: Metric
    rows: Rights
    truth: Classes

    @property
    def samples(self) -> int:
        return int(self.rows.sum())

    def score(self, right: Rights) -> float:
        """Of the answers `right` (samples,)."""
        right, truth = right[self.rows], self.truth[self.rows]
        if self.metric == "accuracy":
            return float(right.mean())
        return float(np.mean([right[truth == each].mean() for each in np.unique(truth)]))

    def interval(self, right: Rights) -> Interval:
        """Of the score, at 95 %: Wilson's for an accuracy, the percentile bootstrap for a balanced one."""
        right, truth = right[self.rows], self.truth[self.rows]
        if self.metric == "accuracy":
            return wilson_interval(int(right.sum()), len(right))
        generator = np.random.default_rng(_SEED)
        members = [right[truth == each] for each in np.unique(truth)]
        draws = [generator.binomial(len(each), each.mean(), _RESAMPLES) / len(each) for each in members]
        return _percentiles(np.mean(draws, axis=0))

    def difference(self, to: str, right: Rights, other: Rights) -> Difference:
        """Of the answers `right` to those of `other`, the submission of the student `to`."""
        value = self.score(right) - self.score(other)
        right, other, truth = right[self.rows], other[self.rows], self.truth[self.rows]
        more, fewer = right & ~other, other & ~right
        if self.metric == "accuracy":
            fixed, regressed = int(more.sum()), int(fewer.sum())
            interval, p_value = difference_interval(fixed, regressed, len(right)), mcnemar(fixed, regressed)
            return Difference(to=to, difference=value, low=interval.low, high=interval.high, p_value=p_value)
        generator = np.random.default_rng(_SEED)
        draws = []
        for each in np.unique(truth):
            members = truth == each
            shares = np.array([more[members].mean(), fewer[members].mean()])
            counts = generator.multinomial(members.sum(), [*shares, max(0.0, 1 - shares.sum())], _RESAMPLES)
            draws.append((counts[:, 0] - counts[:, 1]) / members.sum())
        interval = _percentiles(np.mean(draws, axis=0))
        return Difference(to=to, difference=value, low=interval.low, high=interval.high, p_value=None)


def split_in_halves(
    metric: Metric, samples: Classes, truth: Classes, seed: int, class_numbers: Sequence[int] = ()
) -> tuple[Half, Half]:
    """The public and the final half of a test split, drawn by `seed`, each with half of every class. In which one a
    sample is depends on its number in the dataset, not on what other classes are there: what is public on some classes
    is not final on others. `class_numbers` has the number in the dataset of each class in `truth`, if these are some of
    its classes."""
    drawn = np.random.default_rng(seed).random(samples.max(initial=0) + 1)[samples]
    is_public = np.zeros(len(truth), dtype=bool)
    for each in np.unique(truth):
        members = np.flatnonzero(truth == each)
        members = members[np.argsort(drawn[members], kind="stable")]
        # Odd classes give one more to either half in turn.
        extra = (class_numbers[each] if class_numbers else each) % 2
        is_public[members[: (len(members) + extra) // 2]] = True
    return Half(metric, is_public, truth), Half(metric, ~is_public, truth)


def _percentiles(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
