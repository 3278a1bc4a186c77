"""The record of an uploaded or collected dataset, and its contents."""

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field

from models_store.frozen import utc_now
from models_store.jobs.failure import Failure
from models_store.jobs.record import AttemptRecord
from models_store.versions import Nested
from models_store.visibility import Privacy
from specs.dataset import Dataset
from specs.splits import SourceSplit

Counts = dict[SourceSplit, tuple[int, ...]]
# Where the labels of an upload are: "auto" is folders, or parquet if there are only such files.
Layout = Literal["auto", "folders", "filenames", "csv", "parquet"]


class UploadOptions(Nested):
    """How to read an upload. `names` is the encoding of names for which the archive states none; `field` is the number,
    from 1, of the part of a file name that is the class."""

    layout: Layout = "auto"
    names: str | None = None
    field: int | None = None


class DatasetStatus(StrEnum):
    QUEUED = "queued"  # uploaded; waits for a worker
    CONVERTING = "converting"  # a worker reads the archive
    COLLECTING = "collecting"  # corrections were posted; their images are being collected
    READY = "ready"  # available for training
    FAILED = "failed"  # `error` says why; delete it and upload again
    NEWER = "newer"  # shown in place of a record that a newer version has written


class FilesDone(Nested):
    """Progress of a conversion, in files of the archive."""

    done: int = 0
    total: int | None = None


class Size(Nested):
    """The number of images of a size, in pixels."""

    height: int
    width: int
    count: int


class Unreadable(Nested):
    name: str
    reason: str


class Contents(Nested):
    """Of a converted dataset. `counts` are images by source split and class, in the order of `classes`; `image_shape`
    is (height, width, channels), or None if sizes differ. `sizes`, `unreadable` and `ignored` are truncated;
    `sizes_found`, `unreadable_files` and `ignored_files` are the full numbers. `split_names` are the folders, files or
    values that name each split in the upload. `test_samples` are, of corrections, samples of the official test split of
    the dataset that they were collected for: experiments that are tested on these do not train on them.
    """

    classes: tuple[str, ...]
    counts: Counts
    image_shape: tuple[int, int, int] | None
    sizes: tuple[Size, ...]
    sizes_found: int
    unreadable: tuple[Unreadable, ...] = ()
    unreadable_files: int = 0
    ignored: tuple[str, ...] = ()
    ignored_files: int = 0
    split_names: dict[SourceSplit, tuple[str, ...]] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    bytes: int = 0
    test_samples: int = 0

    def facts(self, name: str) -> Dataset:
        """What specs know of it; a split without samples is none."""
        counts = {split: counts for split, counts in self.counts.items() if any(counts)}
        return Dataset(
            name,
            self.image_shape,
            self.classes,
            self.counts["train"],
            counts.get("test", ()),
            validation_counts=counts.get("validation", ()),
        )

    def without_names(self) -> Self:
        """Without what may name files of a test split: lists of files, and warnings."""
        return self.model_copy(update={"unreadable": (), "ignored": (), "warnings": ()})


class DatasetRecord(AttemptRecord):
    """An uploaded dataset, or one collected from corrections: `collected_from` is the dataset that the corrected model
    was trained on. `id` distinguishes datasets that had the same name one after the other. `owner` is whose key
    has uploaded it; one that is collected is nobody's, unless it is from a `private` one.
    """

    name: str
    owner: str | None = None
    private: bool = False
    status: DatasetStatus = DatasetStatus.QUEUED
    archive_bytes: int = 0
    options: UploadOptions = UploadOptions()
    collected_from: str | None = None
    progress: FilesDone | None = None
    contents: Contents | None = None

    @property
    def privacy(self) -> Privacy:
        return Privacy(self.private, self.owner)

    @property
    def is_queued(self) -> bool:
        return self.status is DatasetStatus.QUEUED

    @property
    def is_running(self) -> bool:
        return self.status is DatasetStatus.CONVERTING

    @property
    def has_ended(self) -> bool:
        return self.status in (DatasetStatus.READY, DatasetStatus.FAILED)

    def requeue(self, **update: object) -> Self:
        return self.replace(status=DatasetStatus.QUEUED, worker=None, progress=None, **update)

    def claim(self, worker: str) -> Self:
        return self.replace(
            status=DatasetStatus.CONVERTING, attempts=self.attempts + 1, worker=worker, progress=FilesDone()
        )

    def succeed(self, contents: Contents) -> Self:
        return self._end(DatasetStatus.READY, contents=contents, error=None)

    def fail(self, failure: Failure) -> Self:
        return self._end(DatasetStatus.FAILED, error=failure.message)

    def _end(self, status: DatasetStatus, **update: object) -> Self:
        return self.replace(status=status, ended_at=utc_now(), worker=None, progress=None, **update)
