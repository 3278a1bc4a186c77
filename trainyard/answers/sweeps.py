"""Sweeps and their trials."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from trainyard.answers.base import Answer, JsonObject
from trainyard.answers.experiments import Progress
from trainyard.answers.specs import Estimate
from trainyard.frames import data_frame

if TYPE_CHECKING:
    from pandas import DataFrame

_TERMINAL = ("succeeded", "failed", "cancelled")


class Trial(Answer):
    """A point of the search space, by dotted path, and what came out. `value` is that of the sweep's metric.
    `repeat_of` is the trial whose point is trained again with `seed`."""

    number: int
    status: str
    point: JsonObject
    value: float | None = None
    epochs: int
    seconds: float | None = None
    experiment_id: str | None = None
    repeat_of: int | None = None
    seed: int | None = None
    progress: Progress | None = None
    ended_at: datetime | None = None
    reason: str | None = None


class BestSoFar(Answer):
    """From `ended_at` on, trial `number` was the best."""

    number: int
    value: float
    ended_at: datetime


class RepeatedPoint(Answer):
    """Mean, standard deviation and 95 % confidence interval of `n` trainings with other seeds; `experiment_id` is the
    best of them."""

    number: int
    n: int
    mean: float
    sd: float
    low: float
    high: float
    experiment_id: str


class Budget(Answer):
    """What is left; `minutes` is None without a limit."""

    trials: int
    minutes: float | None = None


class Forecast(Answer):
    """When it will end if trials take as long as those so far."""

    seconds: float
    ends_at: datetime


class SweepSummary(Answer):
    """A sweep in a list. `dataset` is None if several are tried. `tried` are the points whose trials have ended, of
    those that are `planned`; `counts` are its trials by status, repeats included; `best` is the trial to use."""

    id: str
    version: int
    name: str
    owner: str | None = None
    private: bool = False
    dataset: str | None = None
    status: str
    method: str
    metric: str
    tried: int
    planned: int
    created_at: datetime
    ended_at: datetime | None = None
    counts: dict[str, int]
    best: Trial | None = None
    conclusion: str | None = None

    @property
    def has_ended(self) -> bool:
        return self.status in _TERMINAL


class Sweep(SweepSummary):
    """`points` counts those of the search space, None if there is no end of them; `importance` is each dimension's
    share (PED-ANOVA)."""

    spec: JsonObject
    points: int | None = None
    checked: int
    infeasible: int
    cancel_requested: bool
    best_so_far: list[BestSoFar]
    repeated: list[RepeatedPoint]
    importance: dict[str, float] | None = None
    share_pruned: float
    budget: Budget
    forecast: Forecast | None = None
    error: str | None = None
    trials: list[Trial]

    def to_frame(self) -> "DataFrame":
        """One row per trial, by number, with a column for each dimension. Needs pandas."""
        rows = [{**each.model_dump(exclude={"point", "progress"}), **each.point} for each in self.trials]
        return data_frame(rows, columns=None if rows else ["number"]).set_index("number")


class Dimension(Answer):
    """What is searched: `values` of a choice, or a range; `size` is None if there is no end of values."""

    name: str
    kind: str
    values: list[Any] | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool
    size: int | None = None


class SpecProblem(Answer):
    """`pointer` leads to the field in the document."""

    pointer: str
    detail: str
    received: Any = None


class Infeasible(Answer):
    """A point without a valid spec."""

    point: JsonObject
    problems: list[SpecProblem]


class SweepPlan(Answer):
    """What a sweep would do. `infeasible` are those of the `checked` points that have no valid spec, `known` counts the
    results of the sweep `from`, `estimate` is for one trial."""

    method: str
    points: int | None = None
    trials: int
    dimensions: list[Dimension]
    known: int
    checked: int
    infeasible: list[Infeasible]
    estimate: Estimate
