"""StoredImages out of datasets, to be looked at."""

import zlib
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from analysis.unpacked_arrays import unpacked
from api.wire.classes import class_index
from imaging.decode import decode
from models_store.datasets.images import StoredImages
from models_store.errors import NotFound
from models_store.round_robin import in_turns
from models_store.store import Store
from settings import Settings
from specs.dataset import DATASETS
from specs.splits import SOURCE_SPLITS, SourceSplit

_LAID_OUT = "published"
_MEMBERS = ("x_train", "y_train", "x_test", "y_test")


class Samples(Protocol):
    """The images of a dataset, numbered from 0: those of train first, then those of test."""

    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    splits: NDArray[np.uint8]

    def name(self, number: int) -> str: ...

    def image(self, number: int) -> Image.Image: ...


class UploadedSamples:
    def __init__(self, stored: StoredImages, classes: tuple[str, ...], max_pixels: int) -> None:
        self._stored = stored
        self._max_pixels = max_pixels
        self.classes = classes
        self.labels, self.splits = stored.labels, stored.splits

    def name(self, number: int) -> str:
        return self._stored.names[number]

    def image(self, number: int) -> Image.Image:
        return decode(self._stored.encoded(number), self._max_pixels)


class PublishedSamples:
    """Of a built-in dataset whose `.npz` is on this machine, as Keras publishes it."""

    def __init__(self, file: Path, classes: tuple[str, ...], folder: Path) -> None:
        """`folder` is where its arrays are laid out. Raises NotFound where they cannot be read."""
        try:
            x_train, y_train, x_test, y_test = unpacked(file, _MEMBERS, folder)
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


def samples_of(name: str, store: Store, settings: Settings) -> Samples:
    """Raises NotFound where this process has no images to show, InvalidState before they are ready."""
    if name not in DATASETS:
        stored = store.datasets.images(name)
        contents = store.datasets.get(name).contents
        return UploadedSamples(stored, contents.classes if contents else (), settings.max_image_pixels)
    file = settings.datasets_dir / f"{name}.npz" if settings.datasets_dir else None
    if file is None or not file.is_file():
        raise NotFound(
            f"the images of {name} are not at hand here: put {name}.npz, as Keras publishes it, into DATASETS_DIR"
        )
    return PublishedSamples(file, DATASETS[name].classes, settings.store_dir / _LAID_OUT)


def chosen(samples: Samples, wanted: str | None, split: SourceSplit | None, limit: int) -> list[int]:
    """The first `limit` numbers of a class, which is given by name or by index, and of a split; of all classes in
    turn if none is given. Raises NotFound for an unknown class."""
    right = np.ones(len(samples.labels), dtype=bool)
    if split is not None:
        right &= samples.splits == SOURCE_SPLITS.index(split)
    if wanted is not None:
        right &= samples.labels == class_index(wanted, samples.classes)
        return [int(number) for number in np.flatnonzero(right)[:limit]]
    numbers = np.flatnonzero(right)
    return [int(number) for number in numbers[in_turns(samples.labels[numbers])][:limit]]
