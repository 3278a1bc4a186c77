"""The store in numbers, for dashboards."""

from models_store.connection import redis_needed
from models_store.experiments.record import Frozen, Record, Status
from models_store.experiments.store import ExperimentStore
from models_store.jobs.queue import TRAINING, Queue

_SHOWN = 100


class Figures(Frozen):
    """`epoch_buckets` are (upper bound in seconds, epochs up to it), cumulative; `epoch_seconds` is their sum."""

    experiments: dict[Status, int]
    queue_depth: int
    epoch_buckets: list[tuple[str, float]]
    epoch_seconds: float


class QueueState(Frozen):
    """`depth` counts messages, `queued` experiments that wait, oldest first among `items`; `running` are at work."""

    depth: int
    queued: int
    items: list[Record]
    running: list[Record]


def figures(experiments: ExperimentStore, queue: Queue) -> Figures:
    """Raises Unavailable while Redis is away."""
    with redis_needed():
        buckets, seconds = experiments.index.epoch_durations()
        return Figures(
            experiments={status: experiments.index.count(f"status={status}") for status in Status},
            queue_depth=queue.depth(TRAINING),
            epoch_buckets=buckets,
            epoch_seconds=seconds,
        )


def queue_state(experiments: ExperimentStore, queue: Queue) -> QueueState:
    """Raises Unavailable while Redis is away."""
    with redis_needed():
        index = experiments.index
        waiting = index.ids(f"status={Status.QUEUED}")
        return QueueState(
            depth=queue.depth(TRAINING),
            queued=len(waiting),
            items=index.get_many(waiting[:_SHOWN]),
            running=index.get_many(index.ids(f"status={Status.RUNNING}")[:_SHOWN]),
        )
