"""Experiments and their histories."""

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import Field

from trainyard.answers.base import Answer, JsonObject
from trainyard.answers.improvements import Improvement
from trainyard.frames import data_frame

if TYPE_CHECKING:
    from pandas import DataFrame

_TERMINAL = ("succeeded", "failed", "cancelled")
Metrics = dict[str, float | None]


class Progress(Answer):
    """Position in a running experiment. Epochs count from 0; `eta_seconds` is for the rest of it."""

    phase: str
    epoch: int
    epochs: int
    step: int
    steps_per_epoch: int
    steps_per_second: float | None = None
    eta_seconds: float | None = None
    precision: str | None = None


class Best(Answer):
    """The best epoch, counted from 0, and the name and value of the metric that decides."""

    epoch: int
    metric: str
    value: float


class Failure(Answer):
    """`type` is for programs, `message` for people."""

    type: str
    message: str


class Experiment(Answer):
    """The record of an experiment. `spec` is empty where the record is damaged. `test_hidden`: its test results are
    withheld; `peeks` counts how often somebody has looked at them. `preempted_by_priority` is set while it gives way to
    an experiment of that priority, and until it runs again, and `waits_because` says what keeps one that waits from
    being started: null in lists, and where they would tell others of quotas or of what is private."""

    id: str
    name: str
    dataset: str
    status: str
    spec: JsonObject
    created_at: datetime
    schema_version: int
    version: int
    tags: list[str]
    notes: str = ""
    owner: str | None = None
    private: bool = False
    star: bool = False
    priority: int = 0
    based_on: str | None = None
    sweep: str | None = None
    trial: int | None = None
    group: str | None = None
    repeats: int | None = None
    reproduces: str | None = None
    improvement: Improvement | None = None
    transferred_layers: dict[str, str]
    parameters: int | None = None
    memory_mb: int | None = None
    initial_epoch: int = 0
    attempts: int
    interruptions: int
    cancel_requested: bool
    stop_requested: bool = False
    preempted_by_priority: int | None = None
    worker: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    queue_position: int | None = None
    waits_because: str | None = None
    progress: Progress | None = None
    epochs_completed: int
    epoch_seconds: float | None = None
    best: Best | None = None
    best_metrics: Metrics
    last_metrics: Metrics
    sparkline: list[float | None] = Field(default_factory=list)
    published_epoch: int | None = None
    published_metrics: Metrics = Field(default_factory=dict)
    validation_metrics: Metrics
    test_metrics: Metrics
    test_hidden: bool = False
    peeks: int = 0
    stop_reason: str | None = None
    stop_detail: str | None = None
    error: Failure | None = None
    damaged: list[str]

    @property
    def has_ended(self) -> bool:
        return self.status in _TERMINAL

    @property
    def shown_metrics(self) -> Metrics:
        """Of the published epoch, or of the best so far."""
        return self.published_metrics or self.best_metrics

    @property
    def planned_epochs(self) -> int:
        """As the spec has it; 0 without a readable spec."""
        return int(self.spec.get("training", {}).get("epochs", 0))


class ExperimentPage(Answer):
    """`next_cursor` leads to the next page."""

    items: list[Experiment]
    next_cursor: str | None = None


class MetricCurve(Answer):
    """A metric in at most 32 values: of evenly spaced epochs, and the last one."""

    metric: str
    values: list[float | None]


class ExperimentSummary(Answer):
    """A row of a table. `metrics` are of the published network, or of the best epoch so far."""

    id: str
    version: int
    name: str
    tags: list[str]
    star: bool
    notes: str
    status: str
    dataset: str
    owner: str | None = None
    private: bool = False
    preset: str | None = None
    based_on: str | None = None
    sweep: str | None = None
    trial: int | None = None
    group: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: float | None = None
    epochs: int | None = None
    epochs_completed: int
    published_epoch: int | None = None
    metrics: Metrics
    test_hidden: bool = False
    peeks: int = 0
    parameters: int | None = None
    sparkline: MetricCurve
    worker: str | None = None
    progress: Progress | None = None
    stop_reason: str | None = None
    error: Failure | None = None
    damaged: list[str]


class SummaryPage(Answer):
    """`total` counts all that match."""

    items: list[ExperimentSummary]
    total: int
    next_cursor: str | None = None

    def to_frame(self) -> "DataFrame":
        """One row per experiment, by id, with a column for each metric. Needs pandas."""
        rows = [
            {**each.model_dump(exclude={"metrics", "sparkline", "progress"}), **each.metrics} for each in self.items
        ]
        return data_frame(rows).set_index("id") if rows else data_frame(rows, columns=["id"]).set_index("id")


class ExperimentFile(Answer):
    """`url` is where to get it; `bytes` is None where it is made on request, `sha256` also where it may change."""

    name: str
    url: str
    media_type: str
    bytes: int | None
    sha256: str | None


class History(Answer):
    """Metrics by epoch, in the shape of Keras's `History.history`, epochs counted from 0; None where a value was not
    finite. `seconds` is the duration of each epoch; empty if an older service answers."""

    epoch: list[int]
    history: dict[str, list[float | None]]
    seconds: list[float] = Field(default_factory=list)
    best: Best | None = None
    published_epoch: int | None = None
    damaged: bool = False

    def to_frame(self) -> "DataFrame":
        """One row per epoch, one column per metric, and `seconds`. Needs pandas."""
        columns = {**self.history, **({"seconds": self.seconds} if self.seconds else {})}
        frame = data_frame(columns, index=self.epoch)
        frame.index.name = "epoch"
        return frame


class PrunedExperiment(Answer):
    """`reason` is the limit that it exceeds."""

    id: str
    name: str
    status: str
    ended_at: datetime | None
    bytes: int
    reason: str


class KeptExperiment(Answer):
    """One that exceeds a limit, and why it is kept."""

    id: str
    name: str
    reason: str


class Pruning(Answer):
    """What was removed, or would be with `dry_run`, and what was kept although it exceeds a limit. With `states_only`
    the experiments are still there, without their training states."""

    dry_run: bool
    states_only: bool = False
    removed: list[PrunedExperiment]
    removed_bytes: int
    kept: list[KeptExperiment]


class MeanInterval(Answer):
    """Mean and standard deviation of `n` trainings, and the 95 % confidence interval of the mean."""

    n: int
    mean: float
    sd: float | None = None
    low: float | None = None
    high: float | None = None


class Repeat(Answer):
    """One training of a group."""

    experiment_id: str
    seed: int | None = None
    status: str
    metrics: Metrics


class ExperimentGroup(Answer):
    """An experiment that is trained several times with other seeds; `metrics` are over those that have succeeded."""

    id: str
    name: str
    dataset: str
    repeats: int
    counts: dict[str, int]
    metrics: dict[str, MeanInterval]
    sentence: str
    items: list[Repeat]
