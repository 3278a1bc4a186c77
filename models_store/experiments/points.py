"""The points of a history: the metrics of an epoch, and which epoch is better."""

import math

from pydantic import Field

from models_store.frozen import Frozen
from models_store.versions import Nested

# By name, as Keras names them; None where not finite.
MetricValues = dict[str, float | None]
# Decides which epoch is best unless the spec names another metric.
DECIDING_METRIC = "val_accuracy"


class Best(Nested):
    """The epoch with the highest validation accuracy so far, ties broken by the lower validation loss: its number, from
    0, and the name and value of that metric. It need not be the published one."""

    epoch: int
    metric: str
    value: float


class Point(Frozen):
    """One epoch of the history, counted from 0: metrics as Keras names them (`val_` prefix), null where not finite.
    `seconds` is how long it took to train and validate."""

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


def mean_seconds(mean: float | None, point: Point) -> float:
    """The mean including `point`; the first epoch counts only until there is a second."""
    if mean is None or point.epoch < 2:
        return point.seconds
    return mean + (point.seconds - mean) / point.epoch
