"""One worker's attempt at one evaluation."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from models_store.errors import Damaged, NotFound
from models_store.evaluations.record import EvaluationRecord, EvaluationStatus, SamplesDone
from models_store.evaluations.store import RESULT, EvaluationStore
from models_store.experiments.record import MetricValues
from models_store.files import lock_folder
from models_store.jobs.attempt import PATIENCE_SECONDS, Attempt, is_abandoned


class EvaluationAttempt(Attempt[EvaluationRecord]):
    jobs = "evaluations"
    result = RESULT

    def __init__(self, store: EvaluationStore, experiment_id: str, dataset: str, max_attempts: int) -> None:
        super().__init__(max_attempts)
        self._store = store
        self._experiment_id = experiment_id
        self._dataset = dataset

    @property
    def folder(self) -> Path:
        return self._store.folder(self._experiment_id, self._dataset)

    def show(self, progress: SamplesDone) -> None:
        self._write(self.record.changed(progress=progress))

    def finish(self, metrics: MetricValues) -> EvaluationRecord:
        """Publish what was staged."""
        return self._publish(self.record.succeeded(metrics))

    def _changing(self) -> AbstractContextManager[None]:
        return lock_folder(self._store.experiment_folder(self._experiment_id), PATIENCE_SECONDS)

    def _read(self) -> EvaluationRecord:
        return self._store.read(self._experiment_id, self._dataset)

    def _put(self, record: EvaluationRecord) -> EvaluationRecord:
        return self._store.write(record)

    def _wake(self) -> None:
        self._store.wake(self.record)

    def _tidy(self) -> None:
        self._store.unmark(self._experiment_id, self._dataset)


def unattended(store: EvaluationStore, waiting: set[tuple[str, str]]) -> Iterator[EvaluationRecord]:
    """The evaluations that a worker should be waked for: queued or left by a worker that died, and not among those
    that some message in the queue names."""
    for experiment_id, dataset in sorted(store.marked() - waiting):
        try:
            record = store.read(experiment_id, dataset)
        except (NotFound, Damaged):
            record = None
        if record is None or record.has_ended:
            store.unmark_ended(experiment_id, dataset)
        elif record.status is EvaluationStatus.QUEUED or is_abandoned(store.folder(experiment_id, dataset)):
            yield record
