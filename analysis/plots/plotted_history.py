"""The history of one experiment as plots show it."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from models_store.errors import NotFound
from models_store.experiments.history import History
from models_store.experiments.points import MetricValues
from models_store.experiments.record import Record
from models_store.experiments.stored_spec import StoredSchedule


@dataclass(frozen=True, slots=True)
class PlottedHistory:
    """Epochs count from 0: `first` is the first shown, `end` the first that has not ended, `marked` the published one
    or, while nothing is published, the best of all; `mark` says which of the two. `metrics` has the values of each
    metric from `first` on, None if not finite. `drops` are the epochs in which the learning rate was lower than in the
    one before, by a step or a plateau. `state` is status and progress in words."""

    id: str
    name: str
    state: str
    first: int
    end: int
    metrics: dict[str, list[float | None]]
    marked: int | None
    mark: str
    marked_metric: str
    drops: list[int]

    @classmethod
    def of(cls, record: Record, history: History, skip: int) -> Self:
        """Without the first `skip` epochs. Raises NotFound if none is left."""
        epochs = len(history.points)
        if epochs <= skip:
            raise NotFound(_no_epoch(record, epochs, skip))
        marked, mark, metric = _marked(record, epochs)
        return cls(
            id=record.id,
            name=record.name,
            state=_state(record, epochs),
            first=skip,
            end=epochs,
            metrics=history.skip(skip).metrics,
            marked=marked,
            mark=mark,
            marked_metric=metric,
            drops=[epoch for epoch in _drops(record, history) if epoch > skip],
        )

    def has(self, metric: str) -> bool:
        return metric in self.metrics

    @property
    def shown_mark(self) -> int | None:
        """The marked epoch, None if it is not shown."""
        return self.marked if self.marked is not None and self.marked >= self.first else None


def _marked(record: Record, epochs: int) -> tuple[int | None, str, str]:
    """The epoch, what it is, and a metric with its value. None if it is not among the first `epochs`."""
    if record.published_epoch is not None and record.published_epoch < epochs:
        return record.published_epoch, "published epoch", _metric_text("val_accuracy", record.published_metrics)
    if record.best is not None and record.best.epoch < epochs:
        return record.best.epoch, "best epoch", f"{record.best.metric} {record.best.value:.4f}"
    return None, "", ""


def _metric_text(name: str, metrics: MetricValues) -> str:
    value = metrics.get(name)
    return "" if value is None else f"{name} {value:.4f}"


def _no_epoch(record: Record, epochs: int, skip: int) -> str:
    if epochs == 0:
        return f"experiment {record.id} is {record.status} and has no epoch to plot yet"
    return (
        f"experiment {record.id} has {'1 epoch' if epochs == 1 else f'{epochs} epochs'}, and skip={skip} leaves none; "
        f"expected skip of at most {epochs - 1}"
    )


def _state(record: Record, epochs: int) -> str:
    planned = record.spec.training.epochs or epochs
    return f"{record.status}, {epochs:,} of {planned:,} epochs"


def _drops(record: Record, history: History) -> list[int]:
    if not _changes_by_steps(record):
        return []
    rates = [point.metrics.get("learning_rate") for point in history.points]
    return [
        epoch
        for epoch, (before, rate) in enumerate(pairwise(rates), 1)
        if before is not None and rate is not None and rate < before
    ]


def _changes_by_steps(record: Record) -> bool:
    """A constant rate drops on plateaus only; that of a smooth schedule drops in every epoch, which means nothing."""
    rate = record.spec.training.optimizer.learning_rate
    return not isinstance(rate, StoredSchedule) or rate.type == "PiecewiseConstantDecay" or rate.staircase
