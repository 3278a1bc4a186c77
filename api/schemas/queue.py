"""Answers about the queue."""

from datetime import datetime

from analysis.queue_times import QueueTimes
from api.schemas.answer import Answer
from models_store.experiments.record import Progress, Record, Status


class QueuedExperiment(Answer):
    """A few members of the record of an experiment that waits or runs, and when it will start and end: estimates in
    seconds from now, from its progress, or from past runs as in `POST /experiments:validate`. Null where nothing is
    known, as while the queue is paused or no worker suits it; quotas are left out of them. 0 is the start of one that
    runs. `waits_because` and `preempted_by_priority` are those of the record."""

    id: str
    name: str
    dataset: str
    status: Status
    priority: int
    sweep: str | None
    created_at: datetime
    worker: str | None
    preempted_by_priority: int | None
    progress: Progress | None
    waits_because: str | None
    starts_in_seconds: float | None
    ends_in_seconds: float | None

    @classmethod
    def of(cls, record: Record, times: QueueTimes) -> "QueuedExperiment":
        same = {name: getattr(record, name) for name in cls.model_fields if name in Record.model_fields}
        return cls(**same, starts_in_seconds=times.starts_in, ends_in_seconds=times.ends_in)


class QueueView(Answer):
    """`depth` counts wake-ups on the broker, `queued` counts experiments; `items` are the first hundred of those that
    wait, in order. While it is `paused` none of them starts."""

    paused: bool
    depth: int
    queued: int
    items: list[QueuedExperiment]
    running: list[QueuedExperiment]
    next_cursor: None = None
