"""The data of the events of an experiment."""

from typing import Literal

from api.schemas.answer import Answer
from models_store.experiments.record import Record, Status, StopReason
from models_store.jobs.failure import Failure


class StatusChange(Answer):
    status: Status
    attempts: int
    error: Failure | None
    stop_reason: StopReason | None

    @classmethod
    def of(cls, record: Record) -> "StatusChange":
        return cls(status=record.status, attempts=record.attempts, error=record.error, stop_reason=record.stop_reason)


class StreamEnd(Answer):
    """The last event: a terminal status, or the experiment was deleted."""

    status: Literal["succeeded", "failed", "cancelled", "deleted"]
