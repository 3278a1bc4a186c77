"""The record of an experiment and its transitions."""

import math
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models_store.errors import Damaged, InvalidState
from models_store.experiments.stored_spec import StoredSpec
from models_store.versions import SCHEMA_VERSION, SchemaVersion, any_name

JsonObject = dict[str, Any]
# By name, as Keras names them; None where not finite.
MetricValues = dict[str, float | None]
_DECIDING = "val_accuracy"

StopReason = Literal["completed", "early_stopping", "time_budget", "cancelled"]
FailureType = Literal[
    "diverged",
    "killed",
    "stalled",
    "time_budget",
    "disk_full",
    "dataset_unavailable",
    "weights_unavailable",
    "out_of_memory",
    "export",
    "damaged",
    "internal",
]


Phase = Literal["starting", "training", "evaluating", "exporting"]


class Status(StrEnum):
    QUEUED = "queued"  # waits for a worker
    RUNNING = "running"  # a worker has claimed it
    SUCCEEDED = "succeeded"  # trained, evaluated and published
    FAILED = "failed"  # `error` says why
    CANCELLED = "cancelled"  # on request; history and checkpoint are kept

    @property
    def is_terminal(self) -> bool:
        return self in {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}


class Frozen(BaseModel):
    """Immutable; every member is always in the JSON."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Failure(Frozen):
    """Of an attempt or of the experiment. `type` is for programs, `message` for people."""

    type: FailureType
    message: str


class Best(Frozen):
    """The epoch with the highest validation accuracy so far, ties broken by the lower validation loss: its number, from
    0, and the name and value of that metric. It need not be the published one."""

    epoch: int
    metric: str
    value: float


class Progress(Frozen):
    """Of a running experiment. Epochs count from 0; rates are per second, durations in seconds.

    `precision` is that of the training, as Keras names it: float32, mixed_bfloat16 or mixed_float16.
    """

    phase: Phase
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps_per_epoch: int = 0
    steps_per_second: float | None = None
    eta_seconds: float | None = None
    precision: str | None = None


class Point(Frozen):
    """One epoch of the history, counted from 0: metrics as Keras names them (`val_` prefix), null where not finite."""

    epoch: int = Field(ge=0)
    seconds: float
    metrics: MetricValues


def is_better(metrics: MetricValues, others: MetricValues, metric: str) -> bool:
    """Whether an epoch with `metrics` is better than one with `others`: by the higher accuracy or lower loss, and if
    they are equal by the lower validation loss."""
    return _merit(metrics, metric) > _merit(others, metric)


def _merit(metrics: MetricValues, metric: str) -> tuple[float, float]:
    return _signed(metrics, metric), _signed(metrics, "val_loss")


def _signed(metrics: MetricValues, metric: str) -> float:
    """More is better; minus infinity if it is missing or not finite."""
    value = metrics.get(metric)
    if value is None or not math.isfinite(value):
        return -math.inf
    return value if metric.endswith("accuracy") else -value


def _mean_seconds(mean: float | None, point: Point) -> float:
    """The mean including `point`; the first epoch counts only until there is a second."""
    if mean is None or point.epoch < 2:
        return point.seconds
    return mean + (point.seconds - mean) / point.epoch


def utc_now() -> datetime:
    return datetime.now(UTC)


class Record(Frozen):
    """An experiment.

    `version` counts changes. `attempts` counts claims and is the fencing token: a writer with another token has lost
    the experiment. `interruptions` are attempts that a worker gave back (a deploy); they do not count against the
    limit. `best`, `best_metrics` and `last_metrics` are of the training's epochs. `published_epoch` is the one, counted
    from 0, whose weights were published, as `spec.training.keep` says, and `published_metrics` are those of that epoch,
    as in the history. `validation_metrics` and `test_metrics` are of the published network, evaluated in float32; the
    former decide which model is best. `transferred_layers` maps a layer to the one of `spec.model.weights_from` whose
    weights it starts with, by name. `epoch_seconds` is the mean duration of an epoch, without the first one, which
    includes the start-up.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    id: str
    version: int = 0
    status: Status = Status.QUEUED
    name: str
    tags: tuple[str, ...] = ()
    dataset: str
    based_on: str | None = None
    spec: StoredSpec
    transferred_layers: dict[str, str] = Field(default_factory=dict, validation_alias=any_name("transferred_layers"))
    attempts: int = 0
    interruptions: int = 0
    cancel_requested: bool = False
    worker: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    queue_position: int | None = None
    progress: Progress | None = None
    epochs_completed: int = 0
    epoch_seconds: float | None = None
    best: Best | None = None
    best_metrics: MetricValues = Field(default_factory=dict)
    last_metrics: MetricValues = Field(default_factory=dict)
    published_epoch: int | None = None
    published_metrics: MetricValues = Field(default_factory=dict)
    validation_metrics: MetricValues = Field(default_factory=dict)
    test_metrics: MetricValues = Field(default_factory=dict)
    stop_reason: StopReason | None = None
    error: Failure | None = None
    damaged: tuple[str, ...] = ()

    @property
    def is_queued(self) -> bool:
        return self.status is Status.QUEUED

    @property
    def is_running(self) -> bool:
        return self.status is Status.RUNNING

    @model_validator(mode="after")
    def _recall_published_epoch(self) -> Self:
        """Version 0.2 did not record it. Where it is not the last one it stays unknown: it was chosen by another
        rule."""
        if self.status is Status.SUCCEEDED and self.published_epoch is None and self.epochs_completed:
            with suppress(Damaged):
                if self.spec.training.keep == "last" and self.stop_reason != "time_budget":
                    last = {"published_epoch": self.epochs_completed - 1, "published_metrics": self.last_metrics}
                    self.__dict__.update(last)
        return self

    def replace(self, **update: object) -> Self:
        return self.model_copy(update={"version": self.version + 1, **update})

    def with_points(self, points: Sequence[Point]) -> Self:
        """With further epochs: their number, the best by validation accuracy, the last. Does not count as a change: it
        is shown in the view, and written with the next change."""
        best, best_metrics, seconds = self.best, self.best_metrics, self.epoch_seconds
        for point in points:
            seconds = _mean_seconds(seconds, point)
            value = point.metrics.get(_DECIDING)
            if value is not None and is_better(point.metrics, best_metrics, _DECIDING):
                best, best_metrics = Best(epoch=point.epoch, metric=_DECIDING, value=value), point.metrics
        if not points:
            return self
        last = points[-1]
        update = {"epochs_completed": last.epoch + 1, "best": best, "best_metrics": best_metrics}
        return self.model_copy(update={**update, "last_metrics": last.metrics, "epoch_seconds": seconds})

    def without_points(self) -> Self:
        none: dict[str, object] = {
            "epochs_completed": 0,
            "epoch_seconds": None,
            "best": None,
            "best_metrics": {},
            "last_metrics": {},
        }
        return self.model_copy(update=none)

    def claim(self, worker: str) -> Self:
        """The next attempt starts. Raises InvalidState unless queued."""
        if self.status is not Status.QUEUED:
            raise InvalidState(f"experiment {self.id} is {self.status}, so it cannot be claimed")
        return self.replace(
            status=Status.RUNNING,
            attempts=self.attempts + 1,
            worker=worker,
            started_at=self.started_at or utc_now(),
        )

    def give_back(self) -> Self:
        """The worker shuts down; the attempt does not count."""
        if self.cancel_requested:
            return self.end(Status.CANCELLED, stop_reason="cancelled")
        return self.replace(status=Status.QUEUED, worker=None, progress=None, interruptions=self.interruptions + 1)

    def retry(self, failure: Failure, max_attempts: int) -> Self:
        """Back in the queue, or failed for good once `max_attempts` attempts are spent."""
        spent = self.attempts - self.interruptions
        if self.cancel_requested:
            return self.end(Status.CANCELLED, stop_reason="cancelled")
        if spent >= max_attempts:
            message = f"{failure.message} (attempt {spent} of {max_attempts}; no further attempt is made)"
            return self.end(Status.FAILED, error=Failure(type=failure.type, message=message))
        return self.replace(status=Status.QUEUED, worker=None, progress=None, error=failure)

    def fail(self, failure: Failure) -> Self:
        return self.end(Status.FAILED, error=failure)

    def end(self, status: Status, **update: object) -> Self:
        """Reach a terminal status. Raises InvalidState if it has one, which never changes."""
        if self.status.is_terminal:
            raise InvalidState(f"experiment {self.id} is {self.status}, which is final")
        return self.replace(status=status, ended_at=utc_now(), worker=None, progress=None, **update)
