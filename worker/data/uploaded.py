"""The data sets that users have uploaded: from the store's folder."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.decode import decode
from imaging.errors import PictureError
from imaging.resize import Mode, Shape, resize_all, to_array
from models_store.datasets.images import Pictures
from models_store.errors import Damaged, NotFound
from specs.experiment import ExperimentSpec
from worker.data.source import DatasetUnavailable, Source
from worker.data.split import Images, Indices


def uploaded(folder: Path, spec: ExperimentSpec) -> Source:
    """The pictures that an experiment trains on, which lie by part. Raises DatasetUnavailable, also when they are
    read."""
    name = spec.dataset.name
    source = _source(folder, name, lambda pictures, indices: _kept(pictures, spec, indices))
    if not source.holds(spec.dataset.source):
        raise DatasetUnavailable(f"{name} has other pictures than when the experiment was posted; post it again")
    return source


def received(folder: Path, name: str, shape: Shape, mode: Mode) -> Source:
    """The pictures as a network receives them, (samples, *shape): only those that are read are in memory, and nothing
    is written to the disk. Raises as `uploaded`."""
    return _source(folder, name, lambda pictures, indices: _resized(pictures, indices, shape, mode))


def _source(folder: Path, name: str, images: Callable[[Pictures, Indices], Images]) -> Source:
    if not folder.is_dir():
        raise DatasetUnavailable(f"data set {name} is not in the store any more; upload it again")
    with _said_to_be_unreadable(name):
        pictures = Pictures(folder)

    def read(indices: Indices) -> Images:
        with _said_to_be_unreadable(name):
            return images(pictures, indices)

    return Source(pictures.labels, int(np.count_nonzero(pictures.parts == 0)), read)


@contextmanager
def _said_to_be_unreadable(name: str) -> Iterator[None]:
    try:
        yield
    except (Damaged, NotFound, PictureError, FileNotFoundError) as error:
        raise DatasetUnavailable(
            f"the pictures of {name} cannot be read: {error}; upload the data set again"
        ) from error


def _kept(pictures: Pictures, spec: ExperimentSpec, indices: Indices) -> Images:
    """Of their own size where that is one and small, else of the size that the network receives.

    Only where all pictures are taken is it worth its place on the disk to keep them so: a few of a large data set
    must not fill it.
    """
    if pictures.native is not None:
        return pictures.native[indices]
    height, width, channels = spec.input_shape
    shape, mode = (height, width, channels), spec.preprocessing.resize
    if spec.dataset.part_sizes().total == len(pictures):
        return pictures.resized(shape, mode, _made(pictures, shape, mode))[indices]
    return _resized(pictures, indices, shape, mode)


def _resized(pictures: Pictures, indices: Indices, shape: Shape, mode: Mode) -> Images:
    if pictures.native is not None:
        return resize_all(pictures.native[indices], shape, mode)
    cached = pictures.cached(shape, mode)
    return pictures.some(indices, shape, _made(pictures, shape, mode)) if cached is None else cached[indices]


def _made(pictures: Pictures, shape: Shape, mode: Mode) -> Callable[[bytes], NDArray[np.uint8]]:
    sides = pictures.index["height"].astype(np.int64) * pictures.index["width"]
    most_pixels = int(sides.max(initial=1))
    return lambda data: to_array(decode(data, most_pixels), shape, mode)
