"""Images of datasets, one by one: uploaded ones from the store, built-in ones from the `.npz` that Keras publishes."""

import zlib
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from analysis.npz_memory_map import map_npz
from imaging.decode import decode
from models_store.datasets.images import StoredImages
from models_store.datasets.store import DatasetStore
from models_store.errors import NotFound
from models_store.round_robin import round_robin
from specs.dataset import DATASETS
from specs.splits import SOURCE_SPLITS, SourceSplit

_MEMBERS = ("x_train", "y_train", "x_test", "y_test")


class DatasetImages(Protocol):
    """The images of a dataset, numbered from 0: those of train first, then those of test. `labels` (images,) are class
    indices, `splits` (images,) indices of SOURCE_SPLITS."""

    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    splits: NDArray[np.uint8]

    def name(self, number: int) -> str: ...

    def image(self, number: int) -> Image.Image: ...


class UploadedImages:
    def __init__(self, stored: StoredImages, classes: tuple[str, ...], max_pixels: int) -> None:
        self._stored = stored
        self._max_pixels = max_pixels
        self.classes = classes
        self.labels, self.splits = stored.labels, stored.splits

    def name(self, number: int) -> str:
        return self._stored.names[number]

    def image(self, number: int) -> Image.Image:
        return decode(self._stored.read(number), self._max_pixels)


class BuiltInImages:
    def __init__(self, file: Path, classes: tuple[str, ...], folder: Path) -> None:
        """`folder` caches the arrays of `file`. Raises NotFound if `file` is unreadable."""
        try:
            x_train, y_train, x_test, y_test = map_npz(file, _MEMBERS, folder)
        except (KeyError, ValueError, OSError, BadZipFile, zlib.error) as error:
            raise NotFound(f"{file.name} cannot be read: {error}") from error
        self._images = (x_train, x_test)
        labels = [y_train.ravel(), y_test.ravel()]
        self.classes = classes
        self.labels = np.concatenate(labels).astype(np.int64)
        self.splits = np.repeat(np.arange(2, dtype=np.uint8), [len(each) for each in labels])

    def name(self, number: int) -> str:
        return f"{SOURCE_SPLITS[self.splits[number]]}/{self.classes[self.labels[number]]}/{number}"

    def image(self, number: int) -> Image.Image:
        train, test = self._images
        image = train[number] if number < len(train) else test[number - len(train)]
        return Image.fromarray(np.asarray(image))


class ImageSource:
    """Opens the images of a dataset by its name."""

    def __init__(self, datasets: DatasetStore, built_in: Path | None, cache: Path, max_pixels: int) -> None:
        """`built_in` holds the files that Keras publishes, `cache` their memory-mapped arrays; an uploaded image has
        at most `max_pixels` pixels."""
        self._datasets = datasets
        self._built_in = built_in
        self._cache = cache
        self._max_pixels = max_pixels

    def open(self, dataset: str) -> DatasetImages:
        """Raises NotFound if this process has no images of it, InvalidState before they are ready."""
        if dataset not in DATASETS:
            stored = self._datasets.images(dataset)
            contents = self._datasets.get(dataset).contents
            return UploadedImages(stored, contents.classes if contents else (), self._max_pixels)
        file = self._built_in / f"{dataset}.npz" if self._built_in else None
        if file is None or not file.is_file():
            raise NotFound(
                f"the images of {dataset} are unavailable: put {dataset}.npz, as Keras publishes it, into DATASETS_DIR"
            )
        return BuiltInImages(file, DATASETS[dataset].classes, self._cache)


def choose(images: DatasetImages, label: int | None, split: SourceSplit | None, limit: int) -> list[int]:
    """The first `limit` numbers of a class and of a split; of all classes in turn if `label` is None."""
    matches = np.ones(len(images.labels), dtype=bool)
    if split is not None:
        matches &= images.splits == SOURCE_SPLITS.index(split)
    if label is not None:
        matches &= images.labels == label
    numbers = np.flatnonzero(matches)
    if label is None:
        numbers = numbers[round_robin(images.labels[numbers])]
    return [int(number) for number in numbers[:limit]]
