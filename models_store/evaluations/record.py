"""The record of an evaluation of a trained network on another dataset."""

from enum import StrEnum
from typing import Self

from pydantic import Field

from models_store.experiments.points import MetricValues
from models_store.frozen import utc_now
from models_store.jobs.failure import Failure
from models_store.jobs.record import AttemptRecord
from models_store.versions import Nested, any_name
from specs.evaluation import Prep
from specs.splits import EvaluatedSplit


class EvaluationStatus(StrEnum):
    QUEUED = "queued"  # waits for a worker
    RUNNING = "running"  # a worker evaluates the network
    SUCCEEDED = "succeeded"  # its metrics are available
    FAILED = "failed"  # `error` says why
    NEWER = "newer"  # shown in place of a record that a newer version has written


class SamplesDone(Nested):
    """Progress of an evaluation, in predicted samples."""

    done: int = 0
    total: int


class EvaluationRecord(AttemptRecord):
    """The last evaluation of an experiment on a dataset.

    `id` distinguishes it from earlier ones. `dataset_id` identifies the upload, because another one may have the name
    later; None for a built-in dataset. `prep` is how images become the network's input: as served, or only resized.
    `metrics` are some of the metrics, for lists; empty where `test_hidden`, because it has samples of a test split
    whose results are withheld.
    """

    experiment_id: str
    dataset: str
    dataset_id: str | None
    split: EvaluatedSplit = Field(validation_alias=any_name("split"))
    prep: Prep = "none"  # as in version 0.2, which did not record it
    status: EvaluationStatus = EvaluationStatus.QUEUED
    progress: SamplesDone | None = None
    metrics: MetricValues = Field(default_factory=dict)
    test_hidden: bool = False

    @property
    def is_queued(self) -> bool:
        return self.status is EvaluationStatus.QUEUED

    @property
    def is_running(self) -> bool:
        return self.status is EvaluationStatus.RUNNING

    @property
    def has_ended(self) -> bool:
        return self.status in (EvaluationStatus.SUCCEEDED, EvaluationStatus.FAILED)

    def requeue(self, **update: object) -> Self:
        return self.replace(status=EvaluationStatus.QUEUED, worker=None, progress=None, **update)

    def claim(self, worker: str) -> Self:
        return self.replace(status=EvaluationStatus.RUNNING, attempts=self.attempts + 1, worker=worker, progress=None)

    def succeed(self, metrics: MetricValues) -> Self:
        return self._end(EvaluationStatus.SUCCEEDED, metrics=metrics, error=None)

    def fail(self, failure: Failure) -> Self:
        return self._end(EvaluationStatus.FAILED, error=failure.message)

    def _end(self, status: EvaluationStatus, **update: object) -> Self:
        return self.replace(status=status, ended_at=utc_now(), worker=None, progress=None, **update)
