"""The history of an experiment, as JSON and as CSV."""

import csv
import io

from api.schemas.answer import Answer
from models_store.experiments.history import HISTORY_FILE, History
from models_store.experiments.record import Best, Record


class HistoryView(Answer):
    """As Keras's `History`: metric name to its values by epoch; null where a value was not finite."""

    epoch: list[int]
    history: dict[str, list[float | None]]
    best: Best | None
    damaged: bool

    @classmethod
    def of(cls, record: Record, history: History) -> "HistoryView":
        return cls(
            epoch=history.epoch,
            history=history.metrics,
            best=record.best,
            damaged=history.damaged or HISTORY_FILE in record.damaged,
        )


def history_csv(history: History) -> str:
    """A row for each epoch, a column for each metric; empty where a value was not finite."""
    names = list(history.metrics)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", *names])
    writer.writerows([point.epoch, *(point.metrics.get(name) for name in names)] for point in history.points)
    return text.getvalue()
