"""Answers about the service itself."""

from collections.abc import Mapping
from typing import Literal

from api.schemas.answer import Answer, ItemList
from models_store.automatic_retention import AutomaticRetention, RetentionRun
from models_store.disk_use import DiskUse, FolderSize
from models_store.jobs.activity import Activity
from models_store.jobs.workers import Worker


class Liveness(Answer):
    """The process answers."""

    status: Literal["ok"] = "ok"
    live: bool = True


class Readiness(Liveness):
    """Experiments are accepted. `workers` counts those that are alive and do not drain: without any, experiments
    wait."""

    ready: bool = True
    workers: int


class WorkerView(Worker):
    """A live worker, with what it does now: `activities` is empty while it waits, and once it has drained.
    `experiments` are the ids of those that it trains."""

    activities: list[Activity]
    experiments: list[str]


class WorkerList(ItemList[WorkerView]):
    """Live workers."""


class ExperimentSize(Answer):
    id: str
    name: str
    bytes: int


class RetentionView(Answer):
    """The limits beyond which ended experiments are deleted by themselves, and what was done `last`, since Redis was
    last emptied."""

    older_than_days: float | None
    keep_newest: int | None
    max_bytes: int | None
    last: RetentionRun | None


class DiskView(Answer):
    """In bytes. `total_bytes` and `free_bytes` are those of the file system that the store is on; `store_bytes` are all
    files of the store, of which experiments and uploaded or collected datasets are parts. At most ten are listed, the
    largest first. `retention` is null if no limit is set."""

    total_bytes: int
    free_bytes: int
    store_bytes: int
    experiments_bytes: int
    datasets_bytes: int
    largest_experiments: list[ExperimentSize]
    largest_datasets: list[FolderSize]
    retention: RetentionView | None

    @classmethod
    def of(cls, use: DiskUse, names: Mapping[str, str], retention: AutomaticRetention) -> "DiskView":
        """`names` are those of the experiments, by id; without one, an experiment was deleted meanwhile."""
        largest = [
            ExperimentSize(id=each.name, name=names[each.name], bytes=each.bytes)
            for each in use.largest_experiments
            if each.name in names
        ]
        limits = RetentionView(**retention.limits._asdict(), last=retention.last()) if retention.is_on else None
        return cls(**{**dict(use), "largest_experiments": largest, "retention": limits})
