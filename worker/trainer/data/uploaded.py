"""The data sets that users have uploaded: from the store's folder."""

from pathlib import Path

import numpy as np

from imaging.decode import decode
from imaging.errors import PictureError
from imaging.resize import to_array
from models_store.errors import Damaged, NotFound
from models_store.pictures import Pictures
from specs.experiment import ExperimentSpec
from worker.trainer.data.part import Images
from worker.trainer.data.source import DatasetUnavailable, Source


def uploaded(folder: Path, spec: ExperimentSpec) -> Source:
    """Read the pictures, which lie by part. Raises DatasetUnavailable."""
    name = spec.dataset.name
    if not folder.is_dir():
        raise DatasetUnavailable(f"data set {name} is not in the store any more; upload it again")
    try:
        pictures = Pictures(folder)
        images = _images(pictures, spec)
    except (Damaged, NotFound, PictureError, FileNotFoundError) as error:
        raise DatasetUnavailable(
            f"the pictures of {name} cannot be read: {error}; upload the data set again"
        ) from error
    # Both are mapped into memory: what is not taken is not read.
    source = Source(pictures.labels, int(np.count_nonzero(pictures.parts == 0)), lambda indices: images[indices])
    if not source.holds(spec.dataset.source):
        raise DatasetUnavailable(f"{name} has other pictures than when the experiment was posted; post it again")
    return source


def _images(pictures: Pictures, spec: ExperimentSpec) -> Images:
    """Of their own size where that is one and small, else of the size that the network receives."""
    if pictures.native is not None:
        return pictures.native
    height, width, channels = spec.input_shape
    shape, mode = (height, width, channels), spec.preprocessing.resize
    sides = pictures.index["height"].astype(np.int64) * pictures.index["width"]
    most_pixels = int(sides.max(initial=1))
    return pictures.resized(shape, mode, lambda data: to_array(decode(data, most_pixels), shape, mode))
