"""The shapes of what comparisons answer."""

from typing import Any

from pydantic import BaseModel, Field

from analysis.comparison.significance import Interval
from api.routes.results import Guess, Label
from models_store.experiments.record import Status
from specs.splits import SplitName

Patch = list[dict[str, Any]]


class Compared(BaseModel):
    """One experiment's figures. `name` tells it from the others. `patch` makes its spec of the first one's (RFC 6902),
    and `changed` says the same in words, but for name, notes and tags; both are empty for the first.
    `accuracy_interval` is a bootstrap interval of 95 %, `seconds` what its epochs took. `parameters` is null where its
    dataset is gone."""

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
    seconds: float


class Flip(BaseModel):
    """A sample that one got right and the other wrong. `index` counts within the part of the first experiment,
    `sample` within the dataset; `image` is null where samples are no images."""

    index: int
    sample: int
    true: Label
    first: Guess
    other: Guess
    image: str | None


class Flips(BaseModel):
    items: list[Flip]
    total: int


class Pair(BaseModel):
    """The first experiment beside another one. `difference` is the other's accuracy less the first's, with its
    bootstrap interval of 95 % over pairs of answers; `p` is McNemar's. `cured` are samples that the first got wrong and
    the other right, `broken` the other way round, the surest mistakes first. `same_answer` counts the samples that
    both took for the same class."""

    first: str
    other: str
    verdict: str
    difference: float
    difference_interval: Interval
    p: float
    same_answer: int
    cured: Flips
    broken: Flips


class Matrices(BaseModel):
    """Of each experiment in turn; rows are the true classes."""

    labels: tuple[str, ...]
    matrices: list[tuple[tuple[int, ...], ...]]


class Curves(BaseModel):
    """Of each metric, for each experiment in turn, the values by epoch; empty where it has no such metric."""

    epoch: list[int]
    history: dict[str, list[list[float | None]]]


class Comparison(BaseModel):
    split: SplitName
    dataset: str
    samples: int
    experiments: list[Compared]
    pairs: list[Pair] = Field(description="the first experiment and each other one")
    confusion_matrices: Matrices
    curves: Curves


class Step(BaseModel):
    """One experiment of a lineage. `accuracy` is on the test split, `val_accuracy` on the validation split; the gains
    are against the step before, null where a value is missing or the two are on other data or other classes. `patch`
    makes its spec of the one before; `changed` says the same in words, but for name, notes and tags."""

    id: str
    name: str
    status: Status
    accuracy: float | None
    val_accuracy: float | None
    accuracy_gain: float | None
    val_accuracy_gain: float | None
    patch: Patch | None
    changed: str | None


class Child(BaseModel):
    id: str
    name: str
    status: Status


class Lineage(BaseModel):
    """`items` from the oldest ancestor to the experiment itself. `note` says why the oldest is not the root, if it is
    not. `children` are the experiments that are based on this one, oldest first, a hundred at most; null while Redis is
    away."""

    items: list[Step]
    summary: str
    note: str | None
    children: list[Child] | None
