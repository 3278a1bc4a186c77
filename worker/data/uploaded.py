"""Uploaded datasets, read from the store's folder."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.decode import decode
from imaging.errors import ImageError
from imaging.preparation import DigitForm, prepare_image
from imaging.resize import Mode, Shape, resize_all, to_array
from imaging.wide_colors import fixed_white
from models_store.datasets.images import StoredImages
from models_store.errors import Damaged, NotFound
from specs.experiment import ExperimentSpec
from specs.splits import SOURCE_SPLITS
from worker.data.source import DatasetUnavailable, Source
from worker.data.split import Images, Indices


def open_upload(folder: Path, spec: ExperimentSpec) -> Source:
    """The images that an experiment trains on. Raises DatasetUnavailable, also while reading."""
    name = spec.dataset.name
    source = _open(folder, name, lambda stored, indices: _read(stored, spec, indices))
    if not source.matches(spec.dataset.source):
        raise DatasetUnavailable(f"{name} has other images than when the experiment was posted; post it again")
    return source


def open_resized(folder: Path, name: str, shape: Shape, mode: Mode) -> Source:
    """The images as (samples, *shape): only those that are read are in memory, and nothing is written to disk. Raises
    as `open_upload`."""
    return _open(folder, name, lambda stored, indices: _read_resized(stored, indices, shape, mode))


def open_prepared(folder: Path, name: str, shape: Shape, mode: Mode, digit_form: DigitForm) -> Source:
    """The same images, prepared as for a prediction: the digit that is found, in the form of the network's."""

    def read(stored: StoredImages, indices: Indices) -> Images:
        read_image = _decoder(stored)
        return stored.some(indices, shape, lambda data: prepare_image(read_image(data), shape, mode, digit_form).array)

    return _open(folder, name, read)


def white_of_upload(folder: Path) -> int | None:
    """The value of white in its PNGs of 16 bits, None without such. Raises Damaged."""
    return StoredImages(folder).white


def _open(folder: Path, name: str, read_images: Callable[[StoredImages, Indices], Images]) -> Source:
    if not folder.is_dir():
        raise DatasetUnavailable(f"dataset {name} is no longer in the store; upload it again")
    with _unreadable_as_unavailable(name):
        stored = StoredImages(folder)

    def read(indices: Indices) -> Images:
        with _unreadable_as_unavailable(name):
            return read_images(stored, indices)

    sizes = dict(zip(SOURCE_SPLITS, np.bincount(stored.splits, minlength=len(SOURCE_SPLITS)).tolist(), strict=True))
    return Source(stored.labels, sizes["train"], read, sizes["validation"])


@contextmanager
def _unreadable_as_unavailable(name: str) -> Iterator[None]:
    try:
        yield
    except (Damaged, NotFound, ImageError, FileNotFoundError) as error:
        raise DatasetUnavailable(f"the images of {name} cannot be read: {error}; upload the dataset again") from error


def _read(stored: StoredImages, spec: ExperimentSpec, indices: Indices) -> Images:
    """In their own size if all have the same small one, else in the size that the network receives.

    Resized images are cached on disk only if the experiment uses all of them: a few of a large dataset must not fill
    the disk.
    """
    if stored.native is not None:
        return stored.native[indices]
    height, width, channels = spec.input_shape
    shape, mode = (height, width, channels), spec.preprocessing.resize
    if spec.dataset.facts.samples == len(stored):
        return stored.resize(shape, mode, _converter(stored, shape, mode))[indices]
    return _read_resized(stored, indices, shape, mode)


def _read_resized(stored: StoredImages, indices: Indices, shape: Shape, mode: Mode) -> Images:
    if stored.native is not None:
        return resize_all(stored.native[indices], shape, mode)
    cached = stored.read_cached(shape, mode)
    return stored.some(indices, shape, _converter(stored, shape, mode)) if cached is None else cached[indices]


def _converter(stored: StoredImages, shape: Shape, mode: Mode) -> Callable[[bytes], NDArray[np.uint8]]:
    """From an encoded image to an array of `shape`."""
    read_image = _decoder(stored)
    return lambda data: to_array(read_image(data), shape, mode)


def _decoder(stored: StoredImages) -> Callable[[bytes], Image.Image]:
    sides = stored.index["height"].astype(np.int64) * stored.index["width"]
    max_pixels, find_white = int(sides.max(initial=1)), fixed_white(stored.white)
    return lambda data: decode(data, max_pixels, find_white)
