"""Experiments and their histories."""

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import Field

from trainyard.answers.base import Answer, JsonObject
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
    """The record of an experiment. `spec` is empty where the record is damaged."""

    id: str
    name: str
    dataset: str
    status: str
    spec: JsonObject
    created_at: datetime
    schema_version: int
    version: int
    tags: list[str]
    based_on: str | None = None
    transferred_layers: dict[str, str]
    attempts: int
    interruptions: int
    cancel_requested: bool
    worker: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    queue_position: int | None = None
    progress: Progress | None = None
    epochs_completed: int
    epoch_seconds: float | None = None
    best: Best | None = None
    best_metrics: Metrics
    last_metrics: Metrics
    published_epoch: int | None = None
    published_metrics: Metrics = Field(default_factory=dict)
    validation_metrics: Metrics
    test_metrics: Metrics
    stop_reason: str | None = None
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


class History(Answer):
    """Metrics by epoch, in the shape of Keras's `History.history`, epochs counted from 0; None where a value was not
    finite."""

    epoch: list[int]
    history: dict[str, list[float | None]]
    best: Best | None = None
    published_epoch: int | None = None
    damaged: bool = False

    def to_frame(self) -> "DataFrame":
        """One row per epoch, one column per metric. Needs pandas."""
        frame = data_frame(self.history, index=self.epoch)
        frame.index.name = "epoch"
        return frame
