"""Events of one experiment and of everything, as they are streamed."""

from typing import Literal

from trainyard.answers.base import Answer, JsonObject
from trainyard.answers.experiments import Failure, Metrics, Progress


class EpochEnd(Answer):
    """An epoch, counted from 0, has ended."""

    kind: Literal["epoch"] = "epoch"
    epoch: int
    seconds: float
    metrics: Metrics


class ProgressUpdate(Progress):
    """A running epoch or another phase has advanced."""

    kind: Literal["progress"] = "progress"


class StatusChange(Answer):
    """The experiment has a new status, or another attempt has begun; `error` is that of the attempt before."""

    kind: Literal["status"] = "status"
    status: str
    attempts: int
    error: Failure | None = None
    stop_reason: str | None = None


class StreamEnd(Answer):
    """The last event: a terminal status, or `deleted`."""

    kind: Literal["end"] = "end"
    status: str


Event = EpochEnd | ProgressUpdate | StatusChange | StreamEnd


class Change(Answer):
    """An event of the stream of everything: `kind` is "status", "progress", "epoch", "deleted", "queue", "dataset",
    "evaluation", "sweep", "serving", "worker", "ready" or "reset"; `data` is described in docs/events.md. The stream
    can be resumed behind `id`."""

    kind: str
    id: str
    data: JsonObject
