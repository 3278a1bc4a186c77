"""The supervisor of a worker process: claims one job at a time and runs an attempt at it."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from models_store.connection import require_redis
from models_store.datasets.claim import ConversionClaim
from models_store.errors import Busy, ClaimLost, Damaged, NotFound, StorageFull, StoreError, Unavailable
from models_store.evaluations.claim import EvaluationClaim
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.needs import Needs
from models_store.jobs.claim import Claim
from models_store.jobs.failure import Failure
from models_store.jobs.jobs import Jobs
from models_store.jobs.queue import JobName
from models_store.jobs.suitability import is_for_others, one_of_each
from models_store.jobs.workers import Worker
from models_store.store import Store
from models_store.sweeps.claim import SweepClaim
from settings import Settings
from worker.jobs.attempt import Attempt
from worker.jobs.conversion import ConversionAttempt
from worker.jobs.evaluation import EvaluationAttempt
from worker.jobs.trainers import Trainers
from worker.jobs.training import TrainingAttempt
from worker.sweeps.advance import advance

C = TypeVar("C", bound=Claim[Any, Any])

log = logging.getLogger(__name__)


class Supervisor:
    """Each method does one job, unless there is nothing to do: another worker has it, it has ended, or was deleted.

    `worker` is the name in the records; `is_shutting_down` returns whether the worker is about to end, or is to give
    back what it has.
    """

    def __init__(self, store: Store, settings: Settings, worker: str, is_shutting_down: Callable[[], bool]) -> None:
        self._store = store
        self._settings = settings
        self._worker = worker
        self._is_shutting_down = is_shutting_down
        self._trainers: Trainers | None = None

    def warm_up(self) -> None:
        """Start the spare trainer."""
        self._trainers = Trainers(self._settings)

    def train(self, experiment_id: str) -> None:
        """The next one in the queue: the message, which names `experiment_id`, only says that there is one."""
        trainers = self._trainers = self._trainers or Trainers(self._settings)
        self._do(
            TrainingClaim,
            self._store.training_jobs,
            self._candidates(experiment_id),
            lambda claim: TrainingAttempt(claim, self._settings, self._is_shutting_down, self._store, trainers),
        )
        if not self._is_shutting_down():
            trainers.prepare()

    @contextmanager
    def _candidates(self, named: str) -> Iterator[Iterator[JobName]]:
        waiting = self._store.experiments.waiting
        alive = one_of_each(self._store.workers.consuming(), self._worker)
        left: dict[str, None] = {}
        with waiting.picking():
            yield ((each,) for each in waiting.candidates(named, lambda ids: self._left(ids, alive, left)))
        if left:
            more = f"; so are {len(left) - 1} more" if len(left) > 1 else ""
            log.info(
                "experiment %s is left to a worker with more or larger devices, or others%s", next(iter(left)), more
            )

    def _left(self, ids: Sequence[str], alive: Sequence[Worker], noted: dict[str, None]) -> set[str]:
        """Those that are left to other workers, which are added to `noted`. What they take is read from Redis, because
        others wait meanwhile; from disk of one that is not there, or has no estimate."""
        with require_redis():
            shown = self._store.experiments.index.needs(ids)
        needed = ((each, known or self._read_needs(each)) for each, known in zip(ids, shown, strict=True))
        left = [each for each, needs in needed if needs is not None and is_for_others(needs, self._worker, alive)]
        noted.update(dict.fromkeys(left))
        return set(left)

    def _read_needs(self, experiment_id: str) -> Needs | None:
        """None if it cannot be read: claiming it says so."""
        try:
            return Needs.estimated(self._store.experiments.read(experiment_id), self._store.known_datasets)
        except (NotFound, Damaged):
            return None

    def convert(self, name: str) -> None:
        """The next one: as with trainings, the message only says that there is one."""
        self._do(
            ConversionClaim,
            self._store.conversion_jobs,
            nullcontext(self._store.conversion_jobs.candidates((name,))),
            lambda claim: ConversionAttempt(claim, self._settings, self._is_shutting_down),
        )

    def evaluate(self, experiment_id: str, dataset: str) -> None:
        """The next one: as with trainings, the message only says that there is one."""
        self._do(
            EvaluationClaim,
            self._store.evaluation_jobs,
            nullcontext(self._store.evaluation_jobs.candidates((experiment_id, dataset))),
            lambda claim: EvaluationAttempt(claim, self._settings, self._is_shutting_down, self._store),
        )

    def advance_sweep(self, sweep_id: str) -> None:
        """Again as long as there is something to do: a trial may end while others are suggested, and its message then
        finds the sweep claimed."""
        jobs = self._store.sweep_jobs
        try:
            while jobs.is_due(sweep_id) and not self._is_shutting_down() and not self._is_draining():
                claim = SweepClaim.acquire(jobs, sweep_id, worker=self._worker)
                if claim is None:
                    return
                trials = claim.record.trials
                self._advance(claim)
                if claim.record.trials == trials and jobs.must_wait(claim.record):
                    return  # the end of a trial has a message of its own; the reconciler looks again
        except ClaimLost as error:
            log.warning("gave up: %s", error)
        except (Busy, StorageFull, Unavailable) as error:
            log.error("%s; the reconciler will enqueue the sweep again", error)

    def _advance(self, claim: SweepClaim) -> None:
        try:
            advance(claim, self._store)
        except StoreError:
            raise
        except Exception as error:
            log.exception("%s failed", claim)
            claim.fail(Failure(type="internal", message=f"{type(error).__name__}: {error}; see the log of the worker"))

    def _do(
        self,
        claim_type: type[C],
        jobs: Jobs[Any],
        candidates: AbstractContextManager[Iterable[JobName]],
        attempt: Callable[[C], Attempt[C]],
    ) -> None:
        """The first of the jobs that can be claimed."""
        if self._is_shutting_down() or self._is_draining():
            return
        try:
            with candidates as names:
                claim = claim_type.acquire_first(jobs, names, self._worker)
            if claim is None:
                log.info("no %s to do", jobs.kind.name)
                return
            record = attempt(claim).run()
            log.info("%s: %s", claim, record.status)
        except ClaimLost as error:
            log.warning("gave up: %s", error)
        except (Busy, StorageFull, Unavailable) as error:
            log.error("%s; the reconciler will enqueue the job again", error)

    def _is_draining(self) -> bool:
        """From disk: its main process notices with the next heartbeat, until when it still receives messages."""
        if self._store.workers.drains.mode_of(self._worker) is None:
            return False
        log.info("this worker drains; the reconciler sends the message again")
        return True

    def close(self) -> None:
        if self._trainers is not None:
            self._trainers.close()
