"""Which trainings give way to waiting experiments of a higher priority."""

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple, Self

from models_store.connection import require_redis
from models_store.datasets.store import DatasetStore
from models_store.errors import Busy, Damaged, InvalidState, NotFound, StorageFull
from models_store.evaluations.store import EvaluationStore
from models_store.experiments.needs import Needs
from models_store.experiments.record import Record, Status
from models_store.experiments.store import ExperimentStore
from models_store.jobs.activity import activities
from models_store.jobs.suitability import of_present_class, takers
from models_store.jobs.workers import Worker, Workers

_AT_ONCE = 20

log = logging.getLogger(__name__)


class Waiting(NamedTuple):
    owner: str | None
    priority: int
    needs: Needs


class Running(NamedTuple):
    """`is_ending`: its worker is free soon in any case. `gives_way`: it was asked to."""

    id: str
    owner: str | None
    priority: int
    worker: str | None
    started_at: datetime
    is_ending: bool = False
    gives_way: bool = False

    @classmethod
    def of(cls, record: Record) -> Self:
        phase = record.progress.phase if record.progress else None
        return cls(
            id=record.id,
            owner=record.owner,
            priority=record.priority,
            worker=record.worker,
            started_at=record.started_at or record.created_at,
            is_ending=record.cancel_requested or record.stop_requested or phase in ("evaluating", "exporting"),
            gives_way=record.preempted_by_priority is not None,
        )


def plan_preemption(
    waiting: Iterable[Waiting],
    running: Sequence[Running],
    workers: Sequence[Worker],
    occupied: Collection[str] = (),
) -> dict[str, int]:
    """Of those `running`, the ids of all that are to give way, each with the priority of the one it gives way to.

    `waiting` is in order, and read as far as there are workers for it. `workers` are those that start experiments;
    those named in `occupied` do something else, as a conversion. Each that waits gets a worker that would start it and
    is free, or else that of the lowest priority below its own, of the same owner: a priority does not count across
    owners. Where it gets none, nothing gives way to those after it, because it would be started in their place.
    """
    names = {worker.name for worker in workers}
    training = [each for each in running if each.worker in names and not each.is_ending]
    busy = {*(each.worker for each in training), *occupied}
    free = [worker for worker in workers if worker.name not in busy]
    found: dict[str, int] = {}
    for each in waiting:
        if not free and len(found) == len(training):
            break
        suitable = {worker.name for worker in takers(each.needs, workers)}
        if not suitable:
            continue  # it waits for another machine
        if (idle := next((worker for worker in free if worker.name in suitable), None)) is not None:
            free.remove(idle)
            continue
        lower = [
            other
            for other in training
            if other.id not in found
            and (other.owner, other.priority < each.priority) == (each.owner, True)
            and other.worker in suitable
        ]
        if not lower:
            break
        # What has begun last has the least to repeat; one that was asked stays the same.
        last = max(lower, key=lambda other: (-other.priority, other.gives_way, other.started_at))
        found[last.id] = each.priority
    return found


class Preemption:
    """Marks the records of those that are to give way, whose workers then give them back; and withdraws a mark that is
    no longer needed, as when another worker has become free."""

    def __init__(
        self, experiments: ExperimentStore, workers: Workers, datasets: DatasetStore, evaluations: EvaluationStore
    ) -> None:
        self._experiments = experiments
        self._workers = workers
        self._datasets = datasets
        self._evaluations = evaluations

    def update(self, is_on: bool = True) -> None:
        """One process at a time does this, again and again; while it is not on, it withdraws what is marked. Raises
        Unavailable."""
        with require_redis():
            index = self._experiments.index
            running = index.get_many(index.ids(f"status={Status.RUNNING}"))
            planned: dict[str, int] = {}
            if is_on and running and index.is_complete() and not self._experiments.waiting.order.paused:
                occupied = activities([], self._datasets, self._evaluations)
                workers = self._workers.consuming()
                planned = plan_preemption(self._waiting(workers), list(map(Running.of, running)), workers, occupied)
        for record in running:
            if record.preempted_by_priority != planned.get(record.id):
                self._mark(record, planned.get(record.id))

    def _waiting(self, workers: Sequence[Worker]) -> Iterator[Waiting]:
        """Those that their owners may start, in order; mostly the first ones are enough."""
        index = self._experiments.index
        ids = of_present_class(self._experiments.waiting.startable(), index.needs, workers)
        while part := list(islice(ids, _AT_ONCE)):
            for record in index.get_many(part):
                if (needs := Needs.estimated(record, self._datasets.known)) is not None:
                    yield Waiting(record.owner, record.priority, needs)

    def _mark(self, shown: Record, priority: int | None) -> None:
        try:
            with self._experiments.lock(shown.id) as record:
                if record.is_running and record.attempts == shown.attempts:
                    self._experiments.write(record.give_way(priority))
                    log.info("%s gives way to priority %s", shown.id, priority)
        except (NotFound, Damaged, InvalidState, Busy, StorageFull) as error:
            log.warning("experiment %s was not asked to give way: %s", shown.id, error)
