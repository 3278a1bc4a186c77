"""The claim on an evaluation of a trained network on another dataset."""

from contextlib import AbstractContextManager
from pathlib import Path

from models_store.errors import Damaged, NotFound
from models_store.evaluations.record import EvaluationRecord, SamplesDone
from models_store.evaluations.store import RESULT, EvaluationStore
from models_store.experiments.fair_order import Waiting
from models_store.experiments.points import MetricValues
from models_store.experiments.waiting import WaitingExperiments
from models_store.files import PATIENCE_SECONDS, TEMPORARY_SUFFIX, lock_folder, remove_stale_temporaries
from models_store.jobs.claim import Claim
from models_store.jobs.jobs import Job, Unfinished
from models_store.jobs.leases import Leases
from models_store.jobs.queue import EVALUATION, JobName, Queue
from models_store.jobs.turns import JobsInTurn


class EvaluationJobs(JobsInTurn[EvaluationRecord]):
    """Evaluations as jobs, under the lock of their experiment."""

    kind = EVALUATION

    def __init__(
        self, store: EvaluationStore, queue: Queue, leases: Leases, max_attempts: int, turns: WaitingExperiments
    ) -> None:
        super().__init__(queue, leases, max_attempts, turns)
        self.store = store

    def waiting(self) -> list[Waiting]:
        return self.store.waiting()

    def owner(self, record: EvaluationRecord) -> str | None:
        return self.store.owner(*self.name(record))

    def name(self, record: EvaluationRecord) -> JobName:
        return (record.experiment_id, record.dataset)

    def folder(self, record: EvaluationRecord) -> Path:
        return self.store.folder(record.experiment_id, record.dataset)

    def lock(self, name: JobName, seconds: float = PATIENCE_SECONDS) -> AbstractContextManager[None]:
        experiment_id, _ = name
        return lock_folder(self.store.experiment_folder(experiment_id), seconds)

    def read(self, name: JobName) -> EvaluationRecord:
        return self.store.read(*name)

    def write(self, record: EvaluationRecord) -> EvaluationRecord:
        return self.store.write(record)

    def attempt_folder(self, record: EvaluationRecord) -> Path:
        return self.folder(record) / f".{RESULT}.{record.attempts}{TEMPORARY_SUFFIX}"

    def clean_up(self, record: EvaluationRecord) -> None:
        remove_stale_temporaries(self.folder(record), older_than=0)
        if record.has_ended:
            self.store.unmark(record.experiment_id, record.dataset)

    def unfinished(self) -> Unfinished:
        queued: list[Job] = []
        running: list[Job] = []
        self.store.clear_temporaries()
        for name in sorted(self.store.unfinished()):
            try:
                record = self.read(name)
            except (NotFound, Damaged):
                self.store.unmark_ended(*name)
                continue
            if record.has_ended:
                self.store.unmark_ended(*name)
            else:
                (queued if record.is_queued else running).append(Job(record.id, name))
        return Unfinished(queued, running)


class EvaluationClaim(Claim[EvaluationJobs, EvaluationRecord]):
    def show(self, progress: SamplesDone) -> None:
        """Write the progress into the record."""
        with self._lock() as current:
            self.record = self._jobs.write(current.replace(progress=progress))

    def succeed(self, metrics: MetricValues) -> EvaluationRecord:
        """Publish the result in `attempt_folder`. `metrics` are some of the metrics, for lists."""
        final = self._jobs.folder(self.record) / RESULT
        return self._publish(self.attempt_folder, final, lambda record: record.succeed(metrics))
