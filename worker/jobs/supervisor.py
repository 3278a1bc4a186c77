"""The supervisor of a worker process: claims one job at a time and runs an attempt at it."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from models_store.datasets.claim import ConversionClaim
from models_store.errors import Busy, ClaimLost, StorageFull, Unavailable
from models_store.evaluations.claim import EvaluationClaim
from models_store.experiments.claim import TrainingClaim
from models_store.jobs.claim import Claim
from models_store.jobs.jobs import Jobs
from models_store.jobs.queue import JobName
from models_store.store import Store
from settings import Settings
from worker.jobs.attempt import Attempt
from worker.jobs.conversion import ConversionAttempt
from worker.jobs.evaluation import EvaluationAttempt
from worker.jobs.training import Spare, TrainingAttempt

C = TypeVar("C", bound=Claim[Any, Any])

log = logging.getLogger(__name__)


class Supervisor:
    """Each method does one job, unless there is nothing to do: another worker has it, it has ended, or was deleted.

    `worker` is the name in the records; `is_shutting_down` returns whether the worker is about to end.
    """

    def __init__(self, store: Store, settings: Settings, worker: str, is_shutting_down: Callable[[], bool]) -> None:
        self._store = store
        self._settings = settings
        self._worker = worker
        self._is_shutting_down = is_shutting_down
        self._spare: Spare | None = None

    def warm_up(self) -> None:
        """Start the spare trainer."""
        self._spare = Spare()

    def train(self, experiment_id: str) -> None:
        spare = self._spare = self._spare or Spare()
        self._do(
            TrainingClaim,
            self._store.training_jobs,
            (experiment_id,),
            lambda claim: TrainingAttempt(claim, self._settings, self._is_shutting_down, self._store, spare),
        )
        if not self._is_shutting_down():
            spare.prepare()

    def convert(self, name: str) -> None:
        self._do(
            ConversionClaim,
            self._store.conversion_jobs,
            (name,),
            lambda claim: ConversionAttempt(claim, self._settings, self._is_shutting_down),
        )

    def evaluate(self, experiment_id: str, dataset: str) -> None:
        self._do(
            EvaluationClaim,
            self._store.evaluation_jobs,
            (experiment_id, dataset),
            lambda claim: EvaluationAttempt(claim, self._settings, self._is_shutting_down, self._store),
        )

    def _do(self, claim_type: type[C], jobs: Jobs[Any], name: JobName, attempt: Callable[[C], Attempt[C]]) -> None:
        if self._is_shutting_down():
            return
        try:
            claim = claim_type.acquire(jobs, *name, worker=self._worker)
            if claim is None:
                log.info("nothing to do for %s %s", jobs.kind.name, " ".join(name))
                return
            record = attempt(claim).run()
            log.info("%s: %s", claim, record.status)
        except ClaimLost as error:
            log.warning("gave up: %s", error)
        except (Busy, StorageFull, Unavailable) as error:
            log.error("%s; the reconciler will enqueue the job again", error)

    def close(self) -> None:
        if self._spare is not None:
            self._spare.close()
