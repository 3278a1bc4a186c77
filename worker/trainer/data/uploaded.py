"""The data sets that users have uploaded: from the store's folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.decode import decode
from imaging.errors import PictureError
from imaging.resize import to_array
from models_store.errors import Damaged, NotFound
from models_store.pictures import Pictures
from specs.experiment import ExperimentSpec
from worker.trainer.data.part import Images, Indices
from worker.trainer.data.source import DatasetUnavailable, Source


def uploaded(folder: Path, spec: ExperimentSpec) -> Source:
    """The pictures, which lie by part. Raises DatasetUnavailable, also when they are read."""
    name = spec.dataset.name
    if not folder.is_dir():
        raise DatasetUnavailable(f"data set {name} is not in the store any more; upload it again")
    with _said_to_be_unreadable(name):
        pictures = Pictures(folder)

    def read(indices: Indices) -> Images:
        with _said_to_be_unreadable(name):
            return _images(pictures, spec, indices)

    source = Source(pictures.labels, int(np.count_nonzero(pictures.parts == 0)), read)
    if not source.holds(spec.dataset.source):
        raise DatasetUnavailable(f"{name} has other pictures than when the experiment was posted; post it again")
    return source


@contextmanager
def _said_to_be_unreadable(name: str) -> Iterator[None]:
    try:
        yield
    except (Damaged, NotFound, PictureError, FileNotFoundError) as error:
        raise DatasetUnavailable(
            f"the pictures of {name} cannot be read: {error}; upload the data set again"
        ) from error


def _images(pictures: Pictures, spec: ExperimentSpec, indices: Indices) -> Images:
    """Of their own size where that is one and small, else of the size that the network receives.

    Only where all pictures are taken is it worth its place on the disk to keep them so: a few of a large data set
    must not fill it.
    """
    if pictures.native is not None:
        return pictures.native[indices]
    height, width, channels = spec.input_shape
    shape, mode = (height, width, channels), spec.preprocessing.resize
    sides = pictures.index["height"].astype(np.int64) * pictures.index["width"]
    most_pixels = int(sides.max(initial=1))

    def made(data: bytes) -> NDArray[np.uint8]:
        return to_array(decode(data, most_pixels), shape, mode)

    if spec.dataset.part_sizes().total == len(pictures):
        return pictures.resized(shape, mode, made)[indices]
    whole = pictures.cached(shape, mode)
    return pictures.some(indices, shape, made) if whole is None else whole[indices]
