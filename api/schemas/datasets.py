"""Datasets and their samples."""

from typing import Literal
from urllib.parse import quote

from analysis.dataset_images import DatasetImages
from api.schemas.answer import Answer, ItemList
from models_store.datasets.record import Counts, DatasetRecord
from specs.dataset import Dataset
from specs.splits import SOURCE_SPLITS, SourceSplit


class DatasetView(Answer):
    """A dataset. `record` is that of a dataset that is not built in; a `collected` one consists of images that were
    labeled with `POST /predictions/{id}/label`. `counts` are samples by split for each class, in the order of
    `classes`; `shape` is null if sizes differ, and until it is known."""

    name: str
    origin: Literal["built-in", "uploaded", "collected"]
    status: str
    shape: tuple[int, ...] | None
    classes: tuple[str, ...]
    counts: Counts
    warnings: tuple[str, ...]
    record: DatasetRecord | None

    @classmethod
    def of_built_in(cls, facts: Dataset) -> "DatasetView":
        return cls(
            name=facts.name,
            origin="built-in",
            status="ready",
            shape=facts.image_shape,
            classes=facts.classes,
            counts={"train": facts.training_counts, "test": facts.test_counts},
            warnings=(),
            record=None,
        )

    @classmethod
    def of_record(cls, record: DatasetRecord) -> "DatasetView":
        found = record.contents
        return cls(
            name=record.name,
            origin="collected" if record.collected_from else "uploaded",
            status=record.status,
            shape=found.image_shape if found else None,
            classes=found.classes if found else (),
            counts=found.counts if found else {},
            warnings=found.warnings if found else (),
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
