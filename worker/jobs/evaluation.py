"""Attempts at evaluations of trained networks on other datasets."""

from collections.abc import Callable
from typing import Any

from models_store.errors import NotFound
from models_store.evaluations.claim import EvaluationClaim
from models_store.evaluations.record import EvaluationRecord
from models_store.store import Store
from settings import Settings
from specs.dataset import DATASETS
from worker.jobs.attempt import Attempt, JobUnavailable
from worker.jobs.messages import EVALUATION_EVENT, Advanced, EvaluationEvent, EvaluationJob, Finished
from worker.jobs.process import ChildProcess


class EvaluationAttempt(Attempt[EvaluationClaim]):
    child = "evaluator"

    def __init__(
        self, claim: EvaluationClaim, settings: Settings, is_shutting_down: Callable[[], bool], store: Store
    ) -> None:
        super().__init__(claim, settings, is_shutting_down)
        self._store = store

    def job(self) -> EvaluationJob:
        record = self.claim.record
        facts = self._store.known_datasets().get(record.dataset)
        if facts is None or self._is_replaced():
            raise JobUnavailable(f"dataset {record.dataset} was deleted or replaced; request the evaluation again")
        return EvaluationJob(
            artifacts=self._store.experiments.artifacts(record.experiment_id),
            staged=self.claim.attempt_folder,
            facts=facts,
            split=record.split,
            prep=record.prep,
            uploaded=None if record.dataset in DATASETS else self._store.datasets.folder(record.dataset),
            datasets_dir=self.settings.datasets_dir,
            hidden=self._store.experiments.holdout.withholds(record.dataset, record.split),
        )

    def _is_replaced(self) -> bool:
        record = self.claim.record
        try:
            return self._store.evaluations.dataset_id(record.dataset) != record.dataset_id
        except NotFound:
            return True

    def start(self) -> ChildProcess[EvaluationEvent]:
        return ChildProcess("worker.evaluation", EVALUATION_EVENT)

    def hear(self, event: Any) -> EvaluationRecord | None:
        match event:
            case Advanced(progress=progress):
                self.claim.show(progress)
            case Finished(result=metrics):
                return self.claim.succeed(metrics)
        return None

    @property
    def stall_seconds(self) -> float:
        return self.settings.stall_limit_seconds

    def describe_stall(self, seconds: float) -> str:
        return f"one batch took more than {seconds:.0f} s; see TRAINYARD_STALL_SECONDS"
