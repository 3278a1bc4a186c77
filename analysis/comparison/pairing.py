"""Pairing of two experiments on the same samples: which of them each got right and the other wrong."""

from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.comparison.results import Result
from specs.splits import SplitName

Rows = NDArray[np.int64]


class NotComparable(Exception):
    """The experiments were evaluated on different samples or classes."""

    kind: ClassVar[Literal["conflict"]] = "conflict"


class Pairing(NamedTuple):
    """`rows` (samples,) maps each sample of the first experiment's split to its row in the other's. `fixed` are the
    rows, in the first, that it got wrong and the other right, `regressed` the other way round; `same_answer` counts
    the samples for which both predicted the same class."""

    rows: Rows
    fixed: Rows
    regressed: Rows
    same_answer: int


def pair_samples(first: Result, other: Result, split: SplitName) -> Pairing:
    """Of two results on one dataset with the same classes in the same order. Raises NotComparable unless both were
    evaluated on the same samples, in any order."""
    rows = _match_samples(first, other, split)
    _require_same_labels(first, other, rows)
    truth, predicted, others = first.predictions.truth, first.predictions.predicted, other.predictions.predicted[rows]
    return Pairing(
        rows=rows,
        fixed=np.flatnonzero((predicted != truth) & (others == truth)),
        regressed=np.flatnonzero((predicted == truth) & (others != truth)),
        same_answer=int(np.count_nonzero(predicted == others)),
    )


def _match_samples(first: Result, other: Result, split: SplitName) -> Rows:
    samples, others = first.predictions.samples, other.predictions.samples
    if np.array_equal(samples, others):
        return np.arange(len(samples))
    order, other_order = np.argsort(samples, kind="stable"), np.argsort(others, kind="stable")
    if not np.array_equal(samples[order], others[other_order]):
        raise NotComparable(
            f"the {split} splits differ: {first.name} has {len(samples):,} samples, {other.name} {len(others):,}, and "
            f"both have {len(np.intersect1d(samples, others)):,} of them; give both the same "
            f"{_split_fields(first, other)} to compare them"
        )
    rows = np.empty_like(order)
    rows[order] = other_order
    return rows


def _split_fields(first: Result, other: Result) -> str:
    """The fields of a spec that its splits depend on."""
    fields = "`dataset.split` and `dataset.limit_per_class`"
    same_order = first.record.spec.dataset.classes == other.record.spec.dataset.classes
    return fields if same_order else f"{fields}, and `dataset.classes` in the same order,"


def _require_same_labels(first: Result, other: Result, rows: Rows) -> None:
    relabeled = np.count_nonzero(first.predictions.truth != other.predictions.truth[rows])
    if relabeled:
        samples = "1 sample has" if relabeled == 1 else f"{relabeled:,} samples have"
        raise NotComparable(
            f"{samples} another class in {other.name} than in {first.name}: dataset {first.record.dataset} was "
            "replaced in between; post the older experiment again to compare them"
        )
