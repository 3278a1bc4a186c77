"""Histories to plot."""

from typing import Any

from analysis.plots.plotted_history import PlottedHistory
from models_store.experiments.history import History
from models_store.experiments.points import Best, MetricValues, Point
from models_store.experiments.record import Record
from models_store.experiments.stored_spec import StoredSpec
from models_store.frozen import utc_now

ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"


def record_of(epochs: int, learning_rate: object = 0.001, **fields: Any) -> Record:
    spec = StoredSpec({"training": {"epochs": epochs, "optimizer": {"learning_rate": learning_rate}}})
    values: dict[str, Any] = {"id": ID, "name": "run", "dataset": "digits", "spec": spec, "created_at": utc_now()}
    return Record(**{**values, **fields})


def metrics_of(epoch: int) -> MetricValues:
    return {
        "loss": 2 / (epoch + 1),
        "accuracy": 1 - 0.9 / (epoch + 1),
        "val_loss": 2.5 / (epoch + 1),
        "val_accuracy": 0.95 - 0.9 / (epoch + 1),
        "learning_rate": 0.001,
    }


def history_of(*metrics: MetricValues) -> History:
    points = (Point(epoch=epoch, seconds=1.0, metrics=each) for epoch, each in enumerate(metrics))
    return History(points=tuple(points))


def plotted(epochs: int, skip: int = 0, **fields: Any) -> PlottedHistory:
    """The last epoch is the best."""
    best = Best(epoch=epochs - 1, metric="val_accuracy", value=0.95)
    return PlottedHistory.of(
        record_of(epochs, **{"best": best} | fields), history_of(*map(metrics_of, range(epochs))), skip
    )
