"""Answers about the service itself."""

from datetime import datetime
from typing import Literal

from api.schemas.answer import Answer, ItemList
from models_store.experiments.record import Progress, Record, Status
from models_store.jobs.workers import Worker


class Liveness(Answer):
    """The process answers."""

    status: Literal["ok"] = "ok"
    live: bool = True


class Readiness(Liveness):
    """Experiments are accepted. `workers` counts those that are alive, which means that they consume: without any,
    experiments wait."""

    ready: bool = True
    workers: int


class WorkerView(Worker):
    """A live worker; `experiments` are the ids of those that it trains."""

    experiments: list[str]


class WorkerList(ItemList[WorkerView]):
    """All live workers."""


class QueuedExperiment(Answer):
    """A few members of the record of an experiment that waits or runs."""

    id: str
    name: str
    dataset: str
    status: Status
    created_at: datetime
    worker: str | None
    progress: Progress | None

    @classmethod
    def of(cls, record: Record) -> "QueuedExperiment":
        return cls.model_validate(record, from_attributes=True)


class QueueView(Answer):
    """`depth` counts wake-ups on the broker, `queued` counts experiments; `items` are those that wait, in order."""

    depth: int
    queued: int
    items: list[QueuedExperiment]
    running: list[QueuedExperiment]
    next_cursor: None = None
