"""A whole dataset of images, of which a network that was trained on another one is asked."""

from pathlib import Path

import numpy as np

from imaging.resize import Mode, Shape, resize_all
from specs.dataset import Dataset
from worker.data.built_in import built_in
from worker.data.source import DatasetUnavailable, Source
from worker.data.split import Images, Indices
from worker.data.uploaded import received


def whole(dataset: Dataset, datasets_dir: Path | None, uploaded: Path | None, shape: Shape, mode: Mode) -> Source:
    """All samples; `read` gives them as the network receives them, (samples, *shape), uint8. Raises DatasetUnavailable,
    also when they are read.

    Files of built-in datasets lie in `datasets_dir`; the images of an uploaded one in the folder `uploaded`.
    """
    if uploaded is not None:
        source = received(uploaded, dataset.name, shape, mode)
        if not source.holds(dataset):
            raise DatasetUnavailable(f"{dataset.name} has other images than its record says; upload it again")
        return source
    source = built_in(dataset, datasets_dir)

    def read(indices: Indices) -> Images:
        return resize_all(source.read(indices).astype(np.uint8, copy=False), shape, mode)

    return source._replace(read=read)
