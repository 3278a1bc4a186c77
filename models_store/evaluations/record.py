"""The record of how a trained network does on a dataset that it was not trained on."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import Field

from models_store.experiments.record import Frozen, MetricValues, utc_now
from models_store.versions import SCHEMA_VERSION, SchemaVersion, any_name
from specs.splits import EvaluatedSplit


class EvaluationStatus(StrEnum):
    QUEUED = "queued"  # waits for a worker
    RUNNING = "running"  # a worker asks the network
    SUCCEEDED = "succeeded"  # the metrics are there
    FAILED = "failed"  # `error` says why


class SamplesDone(Frozen):
    """How far an evaluation is, in samples that the network has answered for."""

    done: int = 0
    total: int


class EvaluationRecord(Frozen):
    """One evaluation as the store keeps it: of each experiment and dataset the last one.

    `id` tells it from those before it. `dataset_id` is that of the upload, None for a built-in dataset: another
    upload may bear the name later. `attempts` counts beginnings and is the fencing token of the one that is under way.
    `metrics` are some of the metrics, for lists.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    id: str
    experiment_id: str
    dataset: str
    dataset_id: str | None
    split: EvaluatedSplit = Field(validation_alias=any_name("split"))
    status: EvaluationStatus = EvaluationStatus.QUEUED
    attempts: int = 0
    created_at: datetime = Field(default_factory=utc_now)
    ended_at: datetime | None = None
    progress: SamplesDone | None = None
    error: str | None = None
    metrics: MetricValues = Field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        return self.status in (EvaluationStatus.SUCCEEDED, EvaluationStatus.FAILED)

    def changed(self, **update: object) -> Self:
        return self.model_copy(update=update)

    def queued(self, **update: object) -> Self:
        return self.changed(status=EvaluationStatus.QUEUED, progress=None, **update)

    def claimed(self) -> Self:
        return self.changed(status=EvaluationStatus.RUNNING, attempts=self.attempts + 1, progress=None)

    def succeeded(self, metrics: MetricValues) -> Self:
        return self._ended(EvaluationStatus.SUCCEEDED, metrics=metrics, error=None)

    def failed(self, error: str) -> Self:
        return self._ended(EvaluationStatus.FAILED, error=error)

    def _ended(self, status: EvaluationStatus, **update: object) -> Self:
        return self.changed(status=status, ended_at=utc_now(), progress=None, **update)
