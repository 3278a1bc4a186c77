"""Evaluates a network on one dataset in a process of its own, watches over it, writes down what becomes of it."""

import logging
from collections.abc import Callable

from models_store.errors import Busy, ClaimLost, NotFound, StorageFull, Unavailable
from models_store.evaluations.claim import EvaluationClaim
from models_store.experiments.record import Failure
from models_store.store import Store
from settings import Settings
from specs.dataset import DATASETS
from worker.evaluation.messages import EVALUATION_EVENT, Advanced, Evaluated, EvaluationEvent, EvaluationJob, Rejected
from worker.jobs.job_process import JobProcess

log = logging.getLogger(__name__)


class Evaluator:
    """One for each worker process. `shutting_down` says that the worker is about to end."""

    def __init__(self, store: Store, settings: Settings, worker: str, shutting_down: Callable[[], bool]) -> None:
        self._store = store
        self._worker = worker
        self._settings = settings
        self._shutting_down = shutting_down

    def run(self, experiment_id: str, dataset: str) -> None:
        """Evaluate, unless there is nothing to do: another worker does it, or the experiment has been deleted."""
        if self._shutting_down():
            return
        try:
            attempt = EvaluationClaim.acquire(self._store.evaluation_jobs, experiment_id, dataset, worker=self._worker)
            if attempt is not None:
                self._evaluate(attempt)
        except ClaimLost as error:
            log.info("gave up: %s", error)
        except (Busy, StorageFull, Unavailable) as error:
            log.warning("%s; the reconciler will send it again", error)

    def _evaluate(self, attempt: EvaluationClaim) -> None:
        job = self._job(attempt)
        if job is None:
            reason = f"dataset {attempt.record.dataset} was deleted or replaced meanwhile; ask for it again"
            attempt.fail(Failure(type="dataset_unavailable", message=reason))
            return
        seconds = self._settings.stall_limit_seconds
        with JobProcess.started("worker.evaluation", job, EVALUATION_EVENT) as process:
            process.attend(
                attempt,
                lambda event: self._hear(attempt, event),
                self._shutting_down,
                seconds,
                f"one batch took more than {seconds:.0f} s; see TRAINYARD_STALL_SECONDS",
                self._settings.lease_seconds,
            )

    def _job(self, attempt: EvaluationClaim) -> EvaluationJob | None:
        """None where the dataset that was asked for is no longer there."""
        record = attempt.record
        facts = self._store.known_datasets().get(record.dataset)
        try:
            replaced = self._store.evaluations.dataset_id(record.dataset) != record.dataset_id
        except NotFound:
            return None
        if facts is None or replaced:
            return None
        return EvaluationJob(
            artifacts=self._store.experiments.artifacts(record.experiment_id),
            staged=attempt.attempt_folder,
            facts=facts,
            split=record.split,
            uploaded=None if record.dataset in DATASETS else self._store.datasets.folder(record.dataset),
            datasets_dir=self._settings.datasets_dir,
        )

    def _hear(self, attempt: EvaluationClaim, event: EvaluationEvent) -> bool:
        """True if it was the last word."""
        match event:
            case Advanced():
                attempt.show(event.progress)
                return False
            case Rejected():
                attempt.fail(Failure(type="internal", message=event.reason))
            case Evaluated():
                attempt.succeed(event.metrics)
        record = attempt.record
        log.info("the evaluation of %s on %s has %s", record.experiment_id, record.dataset, record.status)
        return True
