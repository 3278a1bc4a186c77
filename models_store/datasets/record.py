"""The record of an uploaded dataset, and what was found in it."""

from enum import StrEnum
from typing import Self

from models_store.experiments.record import Failure, Frozen, utc_now
from models_store.jobs.record import AttemptRecord
from specs.dataset import Dataset
from specs.splits import SourceSplit

Counts = dict[SourceSplit, tuple[int, ...]]


class DatasetStatus(StrEnum):
    QUEUED = "queued"  # uploaded; waits for a worker
    CONVERTING = "converting"  # a worker reads the archive
    COLLECTING = "collecting"  # right answers were told; their images are about to be put together
    READY = "ready"  # can be trained on
    FAILED = "failed"  # `error` says why; delete it and upload again


class FilesDone(Frozen):
    """How far a conversion is, in files of the archive."""

    done: int = 0
    total: int | None = None


class Size(Frozen):
    """How many images have this size, in pixels."""

    height: int
    width: int
    count: int


class Unreadable(Frozen):
    name: str
    reason: str


class Contents(Frozen):
    """What is in a converted dataset. `counts` are images by split, for each class in the order of `classes`;
    `image_shape` is (height, width, channels), or None where sizes differ. Lists of sizes and files are cut short:
    `sizes_found` and `unreadable_files` say how many there are.
    """

    classes: tuple[str, ...]
    counts: Counts
    image_shape: tuple[int, int, int] | None
    sizes: tuple[Size, ...]
    sizes_found: int
    unreadable: tuple[Unreadable, ...] = ()
    unreadable_files: int = 0
    ignored_files: int = 0
    warnings: tuple[str, ...] = ()
    bytes: int = 0

    def facts(self, name: str) -> Dataset:
        test = self.counts["test"]
        return Dataset(name, self.image_shape, self.classes, self.counts["train"], test if any(test) else ())


class DatasetRecord(AttemptRecord):
    """An uploaded dataset as the store keeps it, or one of images whose right answers were told: `collected_from` is
    the dataset that the model which had predicted them was trained on.

    `id` tells two datasets apart that had one name after another.
    """

    name: str
    status: DatasetStatus = DatasetStatus.QUEUED
    archive_bytes: int = 0
    collected_from: str | None = None
    progress: FilesDone | None = None
    contents: Contents | None = None

    @property
    def is_queued(self) -> bool:
        return self.status is DatasetStatus.QUEUED

    @property
    def is_running(self) -> bool:
        return self.status is DatasetStatus.CONVERTING

    @property
    def has_ended(self) -> bool:
        return self.status in (DatasetStatus.READY, DatasetStatus.FAILED)

    def queued(self, **update: object) -> Self:
        return self.changed(status=DatasetStatus.QUEUED, worker=None, progress=None, **update)

    def claimed(self, worker: str) -> Self:
        return self.changed(
            status=DatasetStatus.CONVERTING, attempts=self.attempts + 1, worker=worker, progress=FilesDone()
        )

    def converted(self, contents: Contents) -> Self:
        return self._ended(DatasetStatus.READY, contents=contents, error=None)

    def failed(self, failure: Failure) -> Self:
        return self._ended(DatasetStatus.FAILED, error=failure.message)

    def _ended(self, status: DatasetStatus, **update: object) -> Self:
        return self.changed(status=status, ended_at=utc_now(), worker=None, progress=None, **update)
