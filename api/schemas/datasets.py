"""Datasets and their samples."""

from datetime import datetime
from typing import Literal
from urllib.parse import quote

from analysis.dataset_images import DatasetImages
from api.schemas.answer import Answer, ItemList
from models_store.datasets.record import Counts, DatasetRecord, DatasetStatus
from models_store.holdout.holdout import Holdout
from specs.dataset import Dataset
from specs.splits import SOURCE_SPLITS, SourceSplit


class TestSplit(Answer):
    """What is known of a dataset's test split. `hidden`: results on it are withheld since `hidden_at`, until
    `POST /datasets/{name}:reveal`; `revealed_at` are the times at which that was done. `peeks` counts how often
    somebody has looked at the test results of an experiment, `peeked_experiments` of how many experiments, deleted
    ones included. If `sealed_until` is given, its samples are withheld as well, and it cannot be revealed before."""

    __test__ = False

    hidden: bool
    hidden_at: datetime | None
    sealed_until: datetime | None
    revealed_at: tuple[datetime, ...]
    peeks: int
    peeked_experiments: int

    @classmethod
    def of(cls, name: str, holdout: Holdout) -> "TestSplit":
        hiding, peeks = holdout.hidden.get(name), holdout.peeks.of(name)
        return cls(
            hidden=hiding.since is not None,
            hidden_at=hiding.since,
            sealed_until=hiding.sealed_until,
            revealed_at=hiding.reveals,
            peeks=peeks.total,
            peeked_experiments=len(peeks.by_experiment),
        )


class DatasetView(Answer):
    """A dataset. `record` is that of a dataset that is not built in; a `collected` one consists of images that were
    labeled with `POST /predictions/{id}/label`. `counts` are samples by split for each class, in the order of
    `classes`; `shape` is null if sizes differ, and until it is known. `has_images`: whether its images can be shown."""

    name: str
    origin: Literal["built-in", "uploaded", "collected"]
    status: str
    shape: tuple[int, ...] | None
    classes: tuple[str, ...]
    counts: Counts
    has_images: bool
    warnings: tuple[str, ...]
    test_split: TestSplit
    record: DatasetRecord | None

    @classmethod
    def of_built_in(cls, facts: Dataset, has_images: bool, holdout: Holdout) -> "DatasetView":
        return cls(
            name=facts.name,
            origin="built-in",
            status="ready",
            shape=facts.image_shape,
            classes=facts.classes,
            counts={"train": facts.training_counts, "test": facts.test_counts},
            has_images=has_images,
            warnings=(),
            test_split=TestSplit.of(facts.name, holdout),
            record=None,
        )

    @classmethod
    def of_record(cls, record: DatasetRecord, holdout: Holdout) -> "DatasetView":
        if holdout.hidden.is_sealed(record.name) and record.contents is not None:
            record = record.model_copy(update={"contents": record.contents.without_names()})
        found = record.contents
        return cls(
            name=record.name,
            origin="collected" if record.collected_from else "uploaded",
            status=record.status,
            shape=found.image_shape if found else None,
            classes=found.classes if found else (),
            counts=found.counts if found else {},
            has_images=record.status is DatasetStatus.READY,
            warnings=found.warnings if found else (),
            test_split=TestSplit.of(record.name, holdout),
            record=record,
        )


class DatasetList(ItemList[DatasetView]):
    """All datasets, the built-in ones first."""


class DatasetSample(Answer):
    """`index` counts within the dataset: the samples of train, then of test, then of validation, each by class and
    name. `file` is what the upload calls it, null if the dataset is built in; `image` is a URL."""

    index: int
    label: str
    split: SourceSplit
    file: str | None
    image: str

    @classmethod
    def of(cls, dataset: str, images: DatasetImages, index: int) -> "DatasetSample":
        return cls(
            index=index,
            label=images.classes[images.labels[index]],
            split=SOURCE_SPLITS[images.splits[index]],
            file=images.file(index),
            image=f"/datasets/{quote(dataset)}/samples/{index}.png",
        )


class DatasetSampleList(Answer):
    """Some of the `total` samples that match; `offset` selects the next ones."""

    items: list[DatasetSample]
    total: int
    next_cursor: None = None
