"""Counts over the whole store, for dashboards, and the state of the queue."""

from models_store.connection import require_redis
from models_store.experiments.record import Record, Status
from models_store.experiments.store import ExperimentStore
from models_store.frozen import Frozen
from models_store.jobs.queue import TRAINING, Queue
from models_store.jobs.workers import Workers
from models_store.visibility import sees_everything

_MAX_SHOWN = 100


class StoreStatistics(Frozen):
    """`epoch_buckets` are (upper bound in seconds, epochs up to it), cumulative; `epoch_seconds` is the sum of all
    durations. `draining_workers` are those of the `workers` that start nothing more. `discarded_messages` were found in
    Redis and are none of this service's."""

    experiments: dict[Status, int]
    workers: int
    draining_workers: int
    queue_depth: int
    discarded_messages: int
    epoch_buckets: list[tuple[str, float]]
    epoch_seconds: float


class QueueState(Frozen):
    """`depth` counts messages, `queued` waiting experiments, of which `items` are the next ones, in order; none
    starts while it is `paused`. `running` are those that train now. Of all only those that are shown."""

    paused: bool
    depth: int
    queued: int
    items: list[Record]
    running: list[Record]


def store_statistics(experiments: ExperimentStore, queue: Queue, workers: Workers) -> StoreStatistics:
    """Raises Unavailable if Redis cannot be reached."""
    with require_redis():
        alive = workers.alive()
        buckets, seconds = experiments.epoch_durations.read()
        return StoreStatistics(
            experiments={status: experiments.index.count(f"status={status}") for status in Status},
            workers=len(alive),
            draining_workers=sum(worker.draining is not None for worker in alive),
            queue_depth=queue.depth(TRAINING),
            discarded_messages=queue.discarded(),
            epoch_buckets=buckets,
            epoch_seconds=seconds,
        )


def queue_state(experiments: ExperimentStore, queue: Queue) -> QueueState:
    """Raises Unavailable if Redis cannot be reached."""
    with require_redis():
        index = experiments.index
        waiting = experiments.waiting.ids()
        return QueueState(
            paused=experiments.waiting.order.paused,
            depth=queue.depth(TRAINING) if sees_everything() else len(waiting),
            queued=len(waiting),
            items=index.get_many(waiting[:_MAX_SHOWN]),
            running=index.get_many(index.shown(index.ids(f"status={Status.RUNNING}"))[:_MAX_SHOWN]),
        )
