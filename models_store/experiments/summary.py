"""The summary of an experiment: a row of a table of thousands."""

from contextlib import suppress
from datetime import datetime
from typing import Self

from models_store.errors import Damaged
from models_store.experiments.points import DECIDING_METRIC, MetricValues
from models_store.experiments.record import Progress, Record, Status, StopReason
from models_store.experiments.sparkline import Sparkline, ends_with
from models_store.frozen import Frozen
from models_store.jobs.failure import Failure

_NOTE_CHARACTERS = 200


class MetricCurve(Frozen):
    """A metric by epoch, in at most 32 values: evenly spaced ones, and the last epoch's."""

    metric: str
    values: Sparkline


class ExperimentSummary(Frozen):
    """The record in short. `version` counts changes; `notes` is the first line of the notes. `seconds` is from start to
    end. `epochs` are those planned. `metrics` are of the published network, those on the test split as `test_accuracy`
    and so on; before it is published, of the best epoch. `test_hidden` and `peeks` are those of the record.
    `parameters` is null for experiments posted before version 0.3."""

    id: str
    version: int
    name: str
    tags: tuple[str, ...]
    star: bool
    notes: str
    status: Status
    owner: str | None
    private: bool
    dataset: str
    preset: str | None
    based_on: str | None
    sweep: str | None
    trial: int | None
    group: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    seconds: float | None
    epochs: int | None
    epochs_completed: int
    published_epoch: int | None
    metrics: MetricValues
    test_hidden: bool
    peeks: int
    parameters: int | None
    sparkline: MetricCurve
    worker: str | None
    progress: Progress | None
    stop_reason: StopReason | None
    error: Failure | None
    damaged: tuple[str, ...]

    @classmethod
    def of(cls, record: Record) -> Self:
        preset, epochs = None, None
        with suppress(Damaged):
            preset, epochs = record.spec.model.preset, record.spec.training.epochs
        return cls(
            **{name: getattr(record, name) for name in _SAME},
            notes=_first_line(record.notes),
            preset=preset,
            epochs=epochs,
            metrics=metrics_of(record),
            sparkline=MetricCurve(metric=DECIDING_METRIC, values=_sparkline(record)),
        )


def _sparkline(record: Record) -> Sparkline:
    """None of a version that kept another metric."""
    is_accuracy = ends_with(record.sparkline, record.last_metrics.get(DECIDING_METRIC))
    return record.sparkline if is_accuracy else ()


_SAME = (
    *(
        "id",
        "version",
        "name",
        "tags",
        "star",
        "status",
        "owner",
        "private",
        "dataset",
        "based_on",
        "sweep",
        "trial",
        "group",
    ),
    *("created_at", "started_at", "ended_at", "seconds"),
    *("epochs_completed", "published_epoch", "test_hidden", "peeks", "parameters", "worker", "progress"),
    *("stop_reason", "error", "damaged"),
)


def metrics_of(record: Record) -> MetricValues:
    """Of the published network, on validation and test split, or else of the best epoch."""
    tested = {f"test_{name}": value for name, value in record.test_metrics.items()}
    return {**(record.published_metrics or record.best_metrics), **record.validation_metrics, **tested}


def _first_line(notes: str) -> str:
    return next((line.strip()[:_NOTE_CHARACTERS] for line in notes.splitlines() if line.strip()), "")
