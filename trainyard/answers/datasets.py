"""Built-in and uploaded datasets."""

from datetime import datetime

from pydantic import Field

from trainyard.answers.base import Answer


class FilesDone(Answer):
    """Progress of a conversion, in files of the archive."""

    done: int
    total: int | None = None


class Size(Answer):
    """`count` images are `height` x `width` pixels."""

    height: int
    width: int
    count: int


class UnreadableFile(Answer):
    name: str
    reason: str


class Contents(Answer):
    """What a converted dataset holds: images by split and class, sizes, and files that are not in it. `test_samples`
    are, of corrections, test samples of the dataset that they were collected for."""

    classes: list[str]
    counts: dict[str, list[int]]
    image_shape: tuple[int, int, int] | None
    sizes: list[Size]
    sizes_found: int
    unreadable: list[UnreadableFile]
    unreadable_files: int
    ignored: list[str] = Field(default_factory=list)
    ignored_files: int
    split_names: dict[str, list[str]] = Field(default_factory=dict)
    warnings: list[str]
    bytes: int
    test_samples: int = 0


class UploadOptions(Answer):
    """How an upload is read: where its labels are, the encoding of its file names, and the part of these, from 1, that
    is the class."""

    layout: str
    names: str | None = None
    field: int | None = None


class DatasetRecord(Answer):
    """The state of an uploaded dataset, or of one collected from labeled predictions."""

    id: str
    name: str
    status: str
    created_at: datetime
    schema_version: int
    attempts: int
    interruptions: int
    owner: str | None = None
    private: bool = False
    worker: str | None = None
    archive_bytes: int
    options: UploadOptions | None = None
    collected_from: str | None = None
    ended_at: datetime | None = None
    progress: FilesDone | None = None
    error: str | None = None
    contents: Contents | None = None


class TestSplit(Answer):
    """`hidden`: results on the test split are withheld since `hidden_at`, its samples as well if `sealed_until` is
    given, before which it cannot be revealed; `revealed_at` are the times at which that ended. `peeks` counts looks at
    the test results of `peeked_experiments` experiments."""

    __test__ = False

    hidden: bool
    hidden_at: datetime | None = None
    sealed_until: datetime | None = None
    revealed_at: list[datetime]
    peeks: int
    peeked_experiments: int


class Dataset(Answer):
    """`counts` are images by split and class. `has_images` is whether they can be shown. `test_split` is None if an
    older service answers, `record` for a built-in dataset."""

    name: str
    origin: str
    status: str
    shape: list[int] | None
    classes: list[str] = Field(default_factory=list)
    counts: dict[str, list[int]] = Field(default_factory=dict)
    has_images: bool = False
    warnings: list[str] = Field(default_factory=list)
    test_split: TestSplit | None = None
    record: DatasetRecord | None = None

    @property
    def is_converted(self) -> bool:
        """Ready or failed."""
        return self.status in ("ready", "failed")
