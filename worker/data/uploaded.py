"""The datasets that users have uploaded: from the store's folder."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.decode import decode
from imaging.errors import ImageError
from imaging.resize import Mode, Shape, resize_all, to_array
from models_store.datasets.images import StoredImages
from models_store.errors import Damaged, NotFound
from specs.experiment import ExperimentSpec
from worker.data.source import DatasetUnavailable, Source
from worker.data.split import Images, Indices


def uploaded(folder: Path, spec: ExperimentSpec) -> Source:
    """The images that an experiment trains on, which lie by split. Raises DatasetUnavailable, also when they are
    read."""
    name = spec.dataset.name
    source = _source(folder, name, lambda stored, indices: _kept(stored, spec, indices))
    if not source.holds(spec.dataset.source):
        raise DatasetUnavailable(f"{name} has other images than when the experiment was posted; post it again")
    return source


def received(folder: Path, name: str, shape: Shape, mode: Mode) -> Source:
    """The images as a network receives them, (samples, *shape): only those that are read are in memory, and nothing
    is written to the disk. Raises as `uploaded`."""
    return _source(folder, name, lambda stored, indices: _resized(stored, indices, shape, mode))


def _source(folder: Path, name: str, images: Callable[[StoredImages, Indices], Images]) -> Source:
    if not folder.is_dir():
        raise DatasetUnavailable(f"dataset {name} is not in the store any more; upload it again")
    with _said_to_be_unreadable(name):
        stored = StoredImages(folder)

    def read(indices: Indices) -> Images:
        with _said_to_be_unreadable(name):
            return images(stored, indices)

    return Source(stored.labels, int(np.count_nonzero(stored.splits == 0)), read)


@contextmanager
def _said_to_be_unreadable(name: str) -> Iterator[None]:
    try:
        yield
    except (Damaged, NotFound, ImageError, FileNotFoundError) as error:
        raise DatasetUnavailable(f"the images of {name} cannot be read: {error}; upload the dataset again") from error


def _kept(stored: StoredImages, spec: ExperimentSpec, indices: Indices) -> Images:
    """Of their own size where that is one and small, else of the size that the network receives.

    Only where all images are taken is it worth its place on the disk to keep them so: a few of a large dataset
    must not fill it.
    """
    if stored.native is not None:
        return stored.native[indices]
    height, width, channels = spec.input_shape
    shape, mode = (height, width, channels), spec.preprocessing.resize
    if spec.dataset.split_sizes().total == len(stored):
        return stored.resized(shape, mode, _made(stored, shape, mode))[indices]
    return _resized(stored, indices, shape, mode)


def _resized(stored: StoredImages, indices: Indices, shape: Shape, mode: Mode) -> Images:
    if stored.native is not None:
        return resize_all(stored.native[indices], shape, mode)
    cached = stored.cached(shape, mode)
    return stored.some(indices, shape, _made(stored, shape, mode)) if cached is None else cached[indices]


def _made(stored: StoredImages, shape: Shape, mode: Mode) -> Callable[[bytes], NDArray[np.uint8]]:
    sides = stored.index["height"].astype(np.int64) * stored.index["width"]
    max_pixels = int(sides.max(initial=1))
    return lambda data: to_array(decode(data, max_pixels), shape, mode)
