"""Experiments side by side, and the lineage of one."""

from typing import TYPE_CHECKING

from trainyard.answers.base import Answer, JsonObject
from trainyard.answers.evaluations import ClassProbability, Label
from trainyard.frames import data_frame

if TYPE_CHECKING:
    from pandas import DataFrame

Interval = tuple[float, float]
Patch = list[JsonObject]
_FRAME_METRICS = (
    "accuracy",
    "top_3_accuracy",
    "macro_f1",
    "loss",
    "calibration_error",
    "parameters",
    "epochs",
    "seconds",
)


class Compared(Answer):
    """One experiment. `patch` (RFC 6902) turns the first experiment's spec into this one's. `peeks` counts looks at its
    test results."""

    id: str
    name: str
    patch: Patch
    changed: str
    loss: float
    accuracy: float
    accuracy_interval: Interval
    top_3_accuracy: float
    macro_f1: float
    calibration_error: float
    parameters: int | None
    epochs: int
    published_epoch: int | None = None
    seconds: float
    peeks: int = 0


class Flip(Answer):
    """A sample that one of two experiments classifies correctly and the other does not."""

    index: int
    sample: int
    true: Label
    first: ClassProbability
    other: ClassProbability
    image: str | None


class Flips(Answer):
    """`total` counts also those beyond the limit."""

    items: list[Flip]
    total: int


class Pair(Answer):
    """The first experiment beside another one. `difference` is the other's accuracy minus the first's, with a 95 %
    interval; `p` is the probability of such a difference by chance."""

    first: str
    other: str
    verdict: str
    difference: float
    difference_interval: Interval
    p: float
    same_answer: int
    fixed: Flips
    regressed: Flips


class Matrices(Answer):
    """The confusion matrix of each experiment."""

    labels: list[str]
    matrices: list[list[list[int]]]


class Curves(Answer):
    """Of each metric, the values by epoch of each experiment; empty where it has none."""

    epoch: list[int]
    history: dict[str, list[list[float | None]]]


class Comparison(Answer):
    """Two to eight experiments on one split of one dataset. `note` says what is compared where they have different
    classes."""

    split: str
    dataset: str
    samples: int
    note: str | None = None
    experiments: list[Compared]
    pairs: list[Pair]
    confusion_matrices: Matrices
    curves: Curves

    def to_frame(self) -> "DataFrame":
        """One row per experiment, one column per metric. Needs pandas."""
        rows = [[getattr(compared, name) for name in _FRAME_METRICS] for compared in self.experiments]
        return data_frame(rows, index=[compared.name for compared in self.experiments], columns=_FRAME_METRICS)


class Step(Answer):
    """One experiment of a lineage, with what it changed and gained over the one before."""

    id: str
    name: str
    status: str
    accuracy: float | None
    val_accuracy: float | None
    accuracy_gain: float | None
    val_accuracy_gain: float | None
    patch: Patch | None
    changed: str | None
    notes: str = ""


class Child(Answer):
    """An experiment that is based on this one."""

    id: str
    name: str
    status: str


class Lineage(Answer):
    """`items` lead from the oldest ancestor to the experiment itself; `children` is None while they are unknown."""

    items: list[Step]
    summary: str
    note: str | None
    children: list[Child] | None


class Provenance(Answer):
    """What a result was computed with and from; digests are SHA-256 in hexadecimal."""

    versions: dict[str, str]
    device: str
    threads: int
    precision: str
    seed: int
    data_sha256: dict[str, str]
    spec_sha256: str
    weights_sha256: str


class Reproduction(Answer):
    """`again` beside `original`: identical to the bit, within_noise or different, and what they were computed with
    other than each other."""

    original: str
    again: str
    outcome: str
    summary: str
    differences: list[str]
    advice: str | None = None
