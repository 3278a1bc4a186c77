"""A whole dataset of images, for the evaluation of a network that was trained on another one."""

from pathlib import Path

import numpy as np

from imaging.png import to_image
from imaging.preparation import DigitForm, prepare_image
from imaging.resize import Mode, Shape, resize_all
from specs.dataset import Dataset
from worker.data.built_in import open_built_in
from worker.data.source import DatasetUnavailable, Source
from worker.data.split import Images, Indices
from worker.data.uploaded import open_prepared, open_resized


def load_dataset(
    dataset: Dataset,
    datasets_dir: Path | None,
    uploaded: Path | None,
    shape: Shape,
    mode: Mode,
    digit_form: DigitForm | None = None,
) -> Source:
    """All samples; `read` returns them as the network receives them, (samples, *shape), uint8: resized, or with
    `digit_form` prepared as `imaging.preparation` does for a prediction. Raises DatasetUnavailable, also while reading.

    `datasets_dir` holds the files of built-in datasets; `uploaded` is the folder of an uploaded one.
    """
    if uploaded is not None:
        source = (
            open_resized(uploaded, dataset.name, shape, mode)
            if digit_form is None
            else open_prepared(uploaded, dataset.name, shape, mode, digit_form)
        )
        if not source.matches(dataset):
            raise DatasetUnavailable(f"{dataset.name} has other images than its record says; upload it again")
        return source
    source = open_built_in(dataset, datasets_dir)

    def read(indices: Indices) -> Images:
        images = source.read(indices).astype(np.uint8, copy=False)
        if digit_form is None:
            return resize_all(images, shape, mode)
        return np.stack([prepare_image(to_image(image), shape, mode, digit_form).array for image in images])

    return source._replace(read=read)
