"""Images of datasets, one by one: uploaded ones from the store, built-in ones from scikit-learn or from `.npz` files of
Keras's arrays."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from analysis.generated_datasets import Generated, generate_blobs, generate_digits
from analysis.npz_memory_map import map_npz
from imaging.decode import decode
from imaging.png import encode_png
from imaging.wide_colors import fixed_white, has_16_bits
from models_store.datasets.images import StoredImages
from models_store.datasets.store import DatasetStore
from models_store.errors import Damaged, InvalidState, NotFound, ResultsHidden
from models_store.round_robin import round_robin
from specs.dataset import DATASETS, BlobsSpec, Dataset
from specs.dataset.keras_file import creation_advice
from specs.splits import SOURCE_SPLITS, SourceSplit

_TEST, _SEALED = SOURCE_SPLITS.index("test"), 255
_MEMBERS = ("x_train", "y_train", "x_test", "y_test")


class DatasetImages(Protocol):
    """The images of a dataset, numbered from 0: those of train first, then those of test. `labels` (images,) are class
    indices, `splits` (images,) indices of SOURCE_SPLITS."""

    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    splits: NDArray[np.uint8]

    def file(self, number: int) -> str | None:
        """What the upload calls it; None if it has no name."""

    def image(self, number: int) -> Image.Image: ...

    def encoded(self, number: int) -> bytes:
        """The file of an image: as it was uploaded, or else, also for one of 16 bits, a PNG of 8 bits."""


class UploadedImages:
    def __init__(self, stored: StoredImages, classes: tuple[str, ...], max_pixels: int) -> None:
        self._stored = stored
        self._max_pixels = max_pixels
        self.classes = classes
        self.labels, self.splits = stored.labels, stored.splits

    def file(self, number: int) -> str | None:
        return self._stored.names[number]

    def image(self, number: int) -> Image.Image:
        return decode(self._stored.read(number), self._max_pixels, fixed_white(self._stored.white))

    def encoded(self, number: int) -> bytes:
        data = self._stored.read(number)
        # Alone, it may have another white.
        return encode_png(self.image(number)) if has_16_bits(data) else data


class BuiltInImages:
    def __init__(self, images: Sequence[NDArray[np.uint8]], labels: Sequence[NDArray[Any]], classes: tuple[str, ...]):
        """`images` and `labels` are those of train and of test."""
        self._images = images
        self.classes = classes
        self.labels = np.concatenate(labels).astype(np.int64)
        self.splits = np.repeat(np.arange(2, dtype=np.uint8), [len(each) for each in labels])

    @classmethod
    def of_file(cls, file: Path, classes: tuple[str, ...], folder: Path) -> Self:
        """`folder` caches the arrays of `file`. Raises NotFound if `file` is unreadable."""
        try:
            x_train, y_train, x_test, y_test = map_npz(file, _MEMBERS, folder)
        except (KeyError, ValueError, OSError, BadZipFile, zlib.error) as error:
            raise NotFound(f"{file.name} cannot be read: {error}") from error
        return cls((x_train, x_test), (y_train.ravel(), y_test.ravel()), classes)

    @classmethod
    def of_generated(cls, generated: Generated, classes: tuple[str, ...]) -> Self:
        images, labels = generated.samples[..., 0], generated.labels
        return cls((images, images[:0]), (labels, labels[:0]), classes)

    def file(self, number: int) -> str | None:
        return None

    def image(self, number: int) -> Image.Image:
        train, test = self._images
        image = train[number] if number < len(train) else test[number - len(train)]
        return Image.fromarray(np.asarray(image))

    def encoded(self, number: int) -> bytes:
        return encode_png(self.image(number))


class CombinedImages:
    """Of a dataset and those added to its training split, numbered one after the other. Labels are those of the first
    alone: the others are only looked up by number."""

    def __init__(self, parts: Sequence[DatasetImages]) -> None:
        self._parts = parts
        self.classes, self.labels, self.splits = parts[0].classes, parts[0].labels, parts[0].splits

    def file(self, number: int) -> str | None:
        part, at = self._find(number)
        return part.file(at)

    def image(self, number: int) -> Image.Image:
        part, at = self._find(number)
        return part.image(at)

    def encoded(self, number: int) -> bytes:
        part, at = self._find(number)
        return part.encoded(at)

    def _find(self, number: int) -> tuple[DatasetImages, int]:
        at = number
        for part in self._parts:
            if at < len(part.labels):
                return part, at
            at -= len(part.labels)
        raise NotFound(f"its datasets have no image {number}")


class SealedImages:
    """Of a dataset whose test split is withheld: those samples have no label, no split, no file and no image."""

    def __init__(self, dataset: str, images: DatasetImages) -> None:
        self._dataset, self._images = dataset, images
        self._sealed = images.splits == _TEST
        self.classes = images.classes
        self.labels = np.where(self._sealed, -1, images.labels)
        self.splits = np.where(self._sealed, _SEALED, images.splits).astype(np.uint8)

    def file(self, number: int) -> str | None:
        self._check(number)
        return self._images.file(number)

    def image(self, number: int) -> Image.Image:
        self._check(number)
        return self._images.image(number)

    def encoded(self, number: int) -> bytes:
        self._check(number)
        return self._images.encoded(number)

    def check_split(self, split: SourceSplit | None) -> None:
        """Raises ResultsHidden for the test split."""
        if split == "test":
            raise ResultsHidden(f"the test split of dataset {self._dataset} is sealed for an assignment")

    def _check(self, number: int) -> None:
        self.check_split("test" if self._sealed[number] else None)


class ImageSource:
    """Opens the images of a dataset by its name."""

    def __init__(self, datasets: DatasetStore, built_in: Path | None, cache: Path, max_pixels: int) -> None:
        """`built_in` holds the files of Keras's datasets, `cache` their memory-mapped arrays; an uploaded image has
        at most `max_pixels` pixels."""
        self._datasets = datasets
        self._built_in = built_in
        self._cache = cache
        self._max_pixels = max_pixels

    def open_all(self, datasets: Sequence[str]) -> DatasetImages:
        """Of a dataset and those added to it. Raises as `open`."""
        first, *added = map(self.open, datasets)
        return CombinedImages((first, *added)) if added else first

    def files(self, datasets: Sequence[str]) -> list[str | None]:
        """What the uploads call the samples of a dataset and those added to it; None for a sample that is built in.
        Empty if all are, or if one of the datasets was deleted or is damaged."""
        if all(dataset in DATASETS for dataset in datasets):
            return []
        try:
            return [file for dataset in datasets for file in self._files(dataset)]
        except (NotFound, InvalidState, Damaged):
            return []

    def _files(self, dataset: str) -> Sequence[str | None]:
        facts = DATASETS.get(dataset)
        if facts is not None:
            return [None] * facts.samples
        stored = self._datasets.images(dataset)
        if not self._datasets.is_sealed(dataset):
            return stored.names
        return [None if split == _TEST else name for name, split in zip(stored.names, stored.splits, strict=True)]

    def open(self, dataset: str) -> DatasetImages:
        """Without the test split if that is sealed. Raises NotFound if this process has no images of it, InvalidState
        before they are ready."""
        images = self._open(dataset)
        return SealedImages(dataset, images) if self._datasets.is_sealed(dataset) else images

    def _open(self, dataset: str) -> DatasetImages:
        if dataset not in DATASETS:
            stored = self._datasets.images(dataset)
            contents = self._datasets.get(dataset).contents
            return UploadedImages(stored, contents.classes if contents else (), self._max_pixels)
        facts = DATASETS[dataset]
        if not facts.has_images:
            raise NotFound(
                f"the samples of {dataset} are points, not images; /datasets/{dataset}/samples.png plots them"
            )
        if dataset == "digits":
            return BuiltInImages.of_generated(generate_digits(), facts.classes)
        return BuiltInImages.of_file(self._keras_file(dataset), facts.classes, self._cache)

    def has_images(self, facts: Dataset) -> bool:
        """Whether `open` finds images of a built-in dataset; a damaged file still counts."""
        if not facts.has_images or facts.name == "digits":
            return facts.has_images
        return self._built_in is not None and (self._built_in / f"{facts.name}.npz").is_file()

    def _keras_file(self, dataset: str) -> Path:
        if self._built_in is None:
            advice = f"start the API with DATASETS_DIR, a folder that has {dataset}.npz"
            raise NotFound(f"the images of {dataset} are unavailable: {advice}; {creation_advice(DATASETS[dataset])}")
        file = self._built_in / f"{dataset}.npz"
        if not file.is_file():
            raise NotFound(
                f"the images of {dataset} are unavailable: put {dataset}.npz into DATASETS_DIR; "
                f"{creation_advice(DATASETS[dataset])}"
            )
        return file


def choose_points(label: int | None, split: SourceSplit | None, limit: int | None, offset: int = 0) -> Generated:
    """Those of `blobs` with the default values of a spec, chosen as `choose` does, from `offset` on; all if `limit` is
    None."""
    points = generate_blobs(BlobsSpec())
    splits = np.zeros(len(points.labels), np.uint8)
    end = None if limit is None else offset + limit
    numbers = _choose(points.labels, splits, label, split)[offset:end]
    return Generated(points.samples[numbers], points.labels[numbers])


def choose(images: DatasetImages, label: int | None, split: SourceSplit | None) -> list[int]:
    """The numbers of a class and of a split; of all classes in turn if `label` is None. Raises ResultsHidden for a
    sealed split."""
    if isinstance(images, SealedImages):
        images.check_split(split)
    return [int(number) for number in _choose(images.labels, images.splits, label, split)]


def _choose(
    labels: NDArray[np.int64], splits: NDArray[np.uint8], label: int | None, split: SourceSplit | None
) -> NDArray[np.int64]:
    matches = splits != _SEALED
    if split is not None:
        matches &= splits == SOURCE_SPLITS.index(split)
    if label is not None:
        matches &= labels == label
    numbers = np.flatnonzero(matches)
    if label is None:
        numbers = numbers[round_robin(labels[numbers])]
    return numbers
