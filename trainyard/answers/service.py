"""The service itself: workers, queue, disk."""

from datetime import datetime

from trainyard.answers.base import Answer
from trainyard.answers.experiments import Progress


class MemoryUse(Answer):
    """In bytes, rounded to 0.1 GB."""

    used_bytes: int
    total_bytes: int


class Device(Answer):
    """What a worker trains on: `kind` is "gpu" or "cpu"; `memory` and `uuid` are those of a GPU. `bfloat16`: whether it
    computes in that."""

    kind: str
    name: str
    memory: MemoryUse | None = None
    uuid: str | None = None
    bfloat16: bool | None = None


class Activity(Answer):
    """What a worker does: `kind` is "training", "evaluation" or "conversion"; `done` is the share that is done."""

    kind: str
    dataset: str
    experiment_id: str | None = None
    name: str | None = None
    done: float | None = None
    epoch: int | None = None
    epochs: int | None = None
    eta_seconds: float | None = None


class Worker(Answer):
    """A live worker; a training may use so many `devices`. `memory` is that of its machine, `trainer_bytes` what its
    trainers have of it. `draining` is "finish" or "give_back" for one that starts nothing more, which has drained once
    there are no `activities`."""

    name: str
    hostname: str
    pid: int
    device: Device | None = None
    devices: int | None = None
    cores: int | None = None
    memory: MemoryUse | None = None
    trainer_bytes: int | None = None
    seen_at: float
    draining: str | None = None
    activities: list[Activity]
    experiments: list[str]


class QueuedExperiment(Answer):
    """An experiment that waits or runs, and when it will start and end: estimates in seconds from now. `waits_because`
    says what keeps it from being started at its turn. What quotas hold back has times as if they did not."""

    id: str
    name: str
    dataset: str
    status: str
    priority: int = 0
    sweep: str | None = None
    created_at: datetime
    worker: str | None = None
    preempted_by_priority: int | None = None
    progress: Progress | None = None
    waits_because: str | None = None
    starts_in_seconds: float | None = None
    ends_in_seconds: float | None = None


class Queue(Answer):
    """`items` are the first hundred of the `queued` experiments that wait, in order; none starts while it is
    `paused`."""

    paused: bool = False
    depth: int
    queued: int
    items: list[QueuedExperiment]
    running: list[QueuedExperiment]


class ExperimentSize(Answer):
    id: str
    name: str
    bytes: int


class DatasetSize(Answer):
    name: str
    bytes: int


class RetentionRun(Answer):
    """What was deleted by the limits of the settings, and how many experiments were kept although they exceed one."""

    at: datetime
    removed: int
    removed_bytes: int
    kept: int


class Retention(Answer):
    """The limits beyond which ended experiments are deleted by themselves."""

    older_than_days: float | None
    keep_newest: int | None
    max_bytes: int | None
    last: RetentionRun | None


class DiskUse(Answer):
    """In bytes: the disk of the store, the store, and its largest experiments and datasets, the largest first.
    `retention` is None if no limit is set."""

    total_bytes: int
    free_bytes: int
    store_bytes: int
    experiments_bytes: int
    datasets_bytes: int
    largest_experiments: list[ExperimentSize]
    largest_datasets: list[DatasetSize]
    retention: Retention | None = None
