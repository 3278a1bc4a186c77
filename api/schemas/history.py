"""The history of an experiment, as JSON and as CSV."""

from collections.abc import Sequence

from api.schemas.answer import Answer
from api.schemas.csv_text import write_csv
from models_store.experiments.history import HISTORY_FILE, History
from models_store.experiments.points import Best
from models_store.experiments.record import Record

METRICS = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")


class HistoryView(Answer):
    """As Keras's `History`: metric name to its values by epoch, counted from 0; null where a value was not finite. All
    metrics are there even if no epoch is. `seconds` is the duration of each epoch, training and validation."""

    epoch: list[int]
    history: dict[str, list[float | None]]
    seconds: list[float]
    best: Best | None
    published_epoch: int | None
    damaged: bool

    @classmethod
    def of(cls, record: Record, history: History, names: Sequence[str]) -> "HistoryView":
        metrics = history.metrics
        return cls(
            epoch=history.epoch,
            history={name: metrics.get(name, []) for name in names},
            seconds=history.seconds,
            best=record.best,
            published_epoch=record.published_epoch,
            damaged=history.damaged or HISTORY_FILE in record.damaged,
        )


def history_csv(history: History, names: Sequence[str]) -> str:
    """A row for each epoch, a column for each metric, empty where a value was not finite, and one for its seconds."""
    rows = ([point.epoch, *(point.metrics.get(name) for name in names), point.seconds] for point in history.points)
    return write_csv(["epoch", *names, "seconds"], rows)
