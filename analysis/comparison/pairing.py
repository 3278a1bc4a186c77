"""Two experiments on the same samples: which of them each got right that the other did not."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.comparison.results import Result
from specs.splits import SplitName

Rows = NDArray[np.int64]
_LISTED_CLASSES = 10


class NotComparable(Exception):
    """The experiments were not asked the same questions, so that their figures say nothing about each other."""

    kind: ClassVar[str] = "conflict"


class Pairing(NamedTuple):
    """`rows` (samples,): for each sample of the first experiment's split its row in the other's. `cured` are the rows,
    of the first, that it got wrong and the other right, `broken` the other way round; `same_answer` counts the samples
    that both took for the same class."""

    rows: Rows
    cured: Rows
    broken: Rows
    same_answer: int


def paired(first: Result, other: Result, split: SplitName) -> Pairing:
    """Raises NotComparable unless both were asked the same samples, in whatever order, with the same classes."""
    _require_one_dataset(first, other)
    _require_same_classes(first, other)
    rows = _rows_of_same_samples(first, other, split)
    truth, guesses, others = first.predictions.truth, first.predictions.predicted, other.predictions.predicted[rows]
    _require_same_labels(first, other, rows)
    return Pairing(
        rows=rows,
        cured=np.flatnonzero((guesses != truth) & (others == truth)),
        broken=np.flatnonzero((guesses == truth) & (others != truth)),
        same_answer=int(np.count_nonzero(guesses == others)),
    )


def _require_one_dataset(first: Result, other: Result) -> None:
    if first.record.dataset != other.record.dataset:
        raise NotComparable(
            f"{first.name} is on {first.record.dataset}, {other.name} on {other.record.dataset}: only experiments on "
            "one dataset can be compared"
        )
    if first.record.spec.dataset.blobs != other.record.spec.dataset.blobs:
        raise NotComparable(
            f"{first.name} and {other.name} are on different blobs: give both the same `dataset.blobs` to compare them"
        )


def _require_same_classes(first: Result, other: Result) -> None:
    if first.labels != other.labels:
        raise NotComparable(
            f"{first.name} knows the classes {_listed(first.labels)}, {other.name} {_listed(other.labels)}: give both "
            "the same `dataset.classes`, in the same order, to compare them"
        )


def _rows_of_same_samples(first: Result, other: Result, split: SplitName) -> Rows:
    ours, theirs = first.predictions.samples, other.predictions.samples
    if np.array_equal(ours, theirs):
        return np.arange(len(ours))
    order, other_order = np.argsort(ours, kind="stable"), np.argsort(theirs, kind="stable")
    if not np.array_equal(ours[order], theirs[other_order]):
        raise NotComparable(
            f"the {split} splits differ: {first.name} has {len(ours):,} samples, {other.name} {len(theirs):,}, and "
            f"both have {len(np.intersect1d(ours, theirs)):,} of them; give both the same `dataset.split` and "
            "`dataset.limit_per_class` to compare them"
        )
    rows = np.empty_like(order)
    rows[order] = other_order
    return rows


def _require_same_labels(first: Result, other: Result, rows: Rows) -> None:
    relabelled = np.count_nonzero(first.predictions.truth != other.predictions.truth[rows])
    if relabelled:
        raise NotComparable(
            f"{relabelled:,} samples have another class for {other.name} than for {first.name}: dataset "
            f"{first.record.dataset} was replaced in between; post the older one again to compare them"
        )


def _listed(labels: Sequence[str]) -> str:
    listed = ", ".join(labels[:_LISTED_CLASSES])
    return f"{listed} and {len(labels) - _LISTED_CLASSES} more" if len(labels) > _LISTED_CLASSES else listed
