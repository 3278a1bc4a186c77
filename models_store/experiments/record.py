"""The record of an experiment and its transitions."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from models_store.errors import Damaged, InvalidState
from models_store.experiments.improvement import Improvement
from models_store.experiments.points import DECIDING_METRIC, Best, MetricValues, Point, is_better, mean_seconds
from models_store.experiments.sparkline import Sparkline, extend
from models_store.experiments.stored_spec import StoredSpec
from models_store.frozen import utc_now
from models_store.jobs.failure import Failure
from models_store.versions import Nested, Stored, any_name
from models_store.visibility import Privacy, private_to

StopReason = Literal["completed", "early_stopping", "time_budget", "stopped", "cancelled", "pruned"]
Phase = Literal["starting", "training", "evaluating", "exporting"]


class Status(StrEnum):
    QUEUED = "queued"  # waits for a worker
    RUNNING = "running"  # a worker has claimed it
    SUCCEEDED = "succeeded"  # trained, evaluated and published
    FAILED = "failed"  # `error` says why
    CANCELLED = "cancelled"  # on request; history and checkpoint are kept
    NEWER = "newer"  # shown in place of a record that a newer version has written, and never on disk

    @property
    def is_terminal(self) -> bool:
        return self in {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}


class Progress(Nested):
    """Of a running experiment. Epochs count from 0; rates are per second, durations in seconds. `eta_seconds` is for
    the rest of its epochs, null until the pace is known: the first steps are compiled.

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


class Record(Stored):
    """An experiment.

    `version` counts changes. `attempts` counts claims and is the fencing token: a writer with another token has
    lost the experiment. `interruptions` are attempts that do not count against the limit: those that a worker gave
    back (a deploy), and those before a `:retry`. `stop_requested` asks for an early end that publishes,
    `cancel_requested` for one that does not. `best`, `best_metrics` and `last_metrics` are of the training's
    epochs. `published_epoch` is the one, counted from 0, whose weights were published, as `spec.training.keep`
    says, and `published_metrics` are those of that epoch, as in the history. `validation_metrics` and
    `test_metrics` are of the published network, evaluated in float32; the former decide which model is best.
    `transferred_layers` maps a layer to the one of `spec.model.weights_from` whose weights it starts with, by name.
    `epoch_seconds` is the mean duration of an epoch, without the first one, which includes the start-up.

    `owner` is whose key has posted it; null where no keys were asked for. Others may look at it, unless it is
    `private`, and not change it. `reproduces` is the experiment that this one runs again, to compare; `improvement` is
    set for one that is to replace the model that serves its dataset. `name`, `tags`, `notes`, `star` and `priority` can
    be edited; `spec` keeps those that were posted. Of what waits, the highest priority (-100 to 100) is started first.
    `parameters` counts those of the network, and `memory_mb` estimates the memory that its training takes, in MB; null
    for experiments posted before version 0.3. `sparkline` is the validation accuracy by epoch, whichever metric
    decides, at most 32 values: evenly spaced ones, and the last epoch's.

    `peeks` counts how often somebody has looked at its test results, and `test_hidden` says that they are withheld;
    both are filled in when a record is shown. `initial_epoch` is the number of epochs that it took over from
    `spec.continue_from`: its history begins with them. `group` is the id of the group of `repeats` experiments that it
    belongs to, equal but for their seeds.

    `waits_because` says what keeps it from being started at its turn, as "no living worker has a GPU"; null if nothing
    does. It is filled in when the record of one experiment is read, and in `GET /queue`; lists and answers to changes
    have null. What its owner has used up is said to the owner, the owner's teacher and admins alone.

    `preempted_by_priority` is set while it is to give way to a waiting experiment of that higher priority, and once it
    has, until it runs again; null for others than the owner, the owner's teacher and admins.

    `sweep` is the id of the sweep that it belongs to, and `trial` its number there; `stop_detail` says why that was
    pruned.
    """

    id: str
    version: int = 0
    status: Status = Status.QUEUED
    name: str
    tags: tuple[str, ...] = ()
    notes: str = ""
    star: bool = False
    priority: int = 0
    owner: str | None = None
    private: bool = False
    dataset: str
    based_on: str | None = None
    sweep: str | None = None
    trial: int | None = None
    group: str | None = None
    repeats: int | None = None
    reproduces: str | None = None
    improvement: Improvement | None = None
    spec: StoredSpec
    transferred_layers: dict[str, str] = Field(default_factory=dict, validation_alias=any_name("transferred_layers"))
    parameters: int | None = None
    memory_mb: int | None = None
    initial_epoch: int = 0
    attempts: int = 0
    interruptions: int = 0
    cancel_requested: bool = False
    stop_requested: bool = False
    preempted_by_priority: int | None = None
    worker: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    queue_position: int | None = None
    waits_because: str | None = None
    progress: Progress | None = None
    epochs_completed: int = 0
    epoch_seconds: float | None = None
    best: Best | None = None
    best_metrics: MetricValues = Field(default_factory=dict)
    last_metrics: MetricValues = Field(default_factory=dict)
    sparkline: Sparkline = ()
    published_epoch: int | None = None
    published_metrics: MetricValues = Field(default_factory=dict)
    validation_metrics: MetricValues = Field(default_factory=dict)
    test_metrics: MetricValues = Field(default_factory=dict)
    test_hidden: bool = False
    peeks: int = 0
    stop_reason: StopReason | None = None
    stop_detail: str | None = None
    error: Failure | None = None
    damaged: tuple[str, ...] = ()

    @property
    def is_queued(self) -> bool:
        return self.status is Status.QUEUED

    @property
    def is_running(self) -> bool:
        return self.status is Status.RUNNING

    @property
    def seconds(self) -> float | None:
        """From its start to its end, also what lies between two attempts; None before that."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def privacy(self) -> Privacy:
        return Privacy(self.private, self.owner)

    @property
    def deciding_metric(self) -> str:
        """Decides which epoch is published; of a damaged spec, the default."""
        with suppress(Damaged):
            return self.spec.training.deciding_metric
        return DECIDING_METRIC

    @model_validator(mode="after")
    def _recall_notes(self) -> Self:
        """Until version 0.3 they were in the spec alone."""
        if "notes" not in self.model_fields_set:
            with suppress(Damaged):
                self.__dict__.update(notes=self.spec.notes)
        return self

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

    def edit(self, changes: Mapping[str, Any]) -> Self:
        """With other values of what can be edited; None restores what was posted.
        Unchanged if they are the same."""
        posted = {"name": self.name, "tags": (), "notes": "", **self.spec.document, "star": False, "priority": 0}
        wanted = {name: posted[name] if value is None else value for name, value in changes.items()}
        if "tags" in wanted:
            wanted["tags"] = tuple(wanted["tags"])
        is_same = all(getattr(self, name) == value for name, value in wanted.items())
        return self if is_same else self.replace(**wanted)

    def with_points(self, points: Sequence[Point]) -> Self:
        """With further epochs: their number, the best by validation accuracy, the last. Does not count as a change: it
        is shown in the view, and written with the next change."""
        best, best_metrics, seconds = self.best, self.best_metrics, self.epoch_seconds
        sparkline = self.sparkline
        for point in points:
            seconds = mean_seconds(seconds, point)
            value = point.metrics.get(DECIDING_METRIC)
            sparkline = extend(sparkline, point.epoch, value)
            if value is not None and is_better(point.metrics, best_metrics, DECIDING_METRIC):
                best, best_metrics = Best(epoch=point.epoch, metric=DECIDING_METRIC, value=value), point.metrics
        if not points:
            return self
        last = points[-1]
        update = {"best": best, "best_metrics": best_metrics, "sparkline": sparkline, "epoch_seconds": seconds}
        return self.model_copy(update={**update, "epochs_completed": last.epoch + 1, "last_metrics": last.metrics})

    def without_points(self) -> Self:
        none: dict[str, object] = {
            "epochs_completed": 0,
            "epoch_seconds": None,
            "best": None,
            "best_metrics": {},
            "last_metrics": {},
            "sparkline": (),
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
            preempted_by_priority=None,
        )

    def give_way(self, priority: int | None) -> Self:
        """To a waiting experiment of that priority; None withdraws it. Raises InvalidState unless it runs."""
        if not self.is_running:
            raise InvalidState(f"experiment {self.id} is {self.status}, so it cannot give way")
        return self.replace(preempted_by_priority=priority)

    def without_private_mark(self) -> Self:
        """For one who does not see what is private to the owner, as what it gives way to may be."""
        if self.preempted_by_priority is None or private_to(self.owner or "").is_shown:
            return self
        return self.model_copy(update={"preempted_by_priority": None})

    def give_back(self) -> Self:
        """The worker shuts down, or the experiment gives way; the attempt does not count."""
        if self.cancel_requested:
            return self.end(Status.CANCELLED, stop_reason="cancelled")
        return self.replace(status=Status.QUEUED, worker=None, progress=None, interruptions=self.interruptions + 1)

    def retry(self, failure: Failure, max_attempts: int) -> Self:
        """Back in the queue, or failed for good once `max_attempts` attempts are spent. It did not give way, even if it
        was to."""
        spent = self.attempts - self.interruptions
        if self.cancel_requested:
            return self.end(Status.CANCELLED, stop_reason="cancelled")
        if spent >= max_attempts:
            message = f"{failure.message} (attempt {spent} of {max_attempts}; no further attempt is made)"
            return self.end(Status.FAILED, error=Failure(type=failure.type, message=message))
        none: dict[str, object] = {"worker": None, "progress": None, "preempted_by_priority": None}
        return self.replace(status=Status.QUEUED, error=failure, **none)

    def run_again(self) -> Self:
        """Back in the queue on request, with all attempts; it resumes from its checkpoint. Raises InvalidState unless
        it has failed or was cancelled."""
        if self.status not in (Status.FAILED, Status.CANCELLED):
            advice = "post it again for another result" if self.status is Status.SUCCEEDED else "it has not ended"
            raise InvalidState(
                f"experiment {self.id} is {self.status}; only failed and cancelled ones are run again: {advice}"
            )
        return self.replace(
            status=Status.QUEUED,
            interruptions=self.attempts,
            cancel_requested=False,
            stop_requested=False,
            ended_at=None,
            stop_reason=None,
            stop_detail=None,
            error=None,
        )

    def fail(self, failure: Failure) -> Self:
        return self.end(Status.FAILED, error=failure)

    def end(self, status: Status, **update: object) -> Self:
        """Reach a terminal status. Raises InvalidState if it has one, which never changes."""
        if self.status.is_terminal:
            raise InvalidState(f"experiment {self.id} is {self.status}, which is final")
        none: dict[str, object] = {"worker": None, "progress": None, "preempted_by_priority": None}
        return self.replace(status=status, ended_at=utc_now(), **none, **update)
