"""Keras's datasets: from an .npz file in the layout of Keras, or by Keras's download."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from models_store.errors import Damaged
from models_store.npz import read_npz
from specs.dataset import Dataset
from specs.dataset.keras_file import array_layout, published_shape
from worker.data.source import DatasetUnavailable, Source
from worker.data.split import Images, Indices

Array = np.ndarray[Any, Any]
_MEMBERS = ("x_train", "y_train", "x_test", "y_test")


def open_keras_file(dataset: Dataset, datasets_dir: Path | None) -> Source:
    """From `<name>.npz` in `datasets_dir`, or else from Keras, which may download it. Raises DatasetUnavailable."""
    file = datasets_dir / f"{dataset.name}.npz" if datasets_dir else None
    if file is None or not file.is_file():
        return _source(_download(dataset, file), dataset, f"Keras's download of {dataset.name}")
    try:
        arrays = read_npz(file, _MEMBERS)
    except (Damaged, FileNotFoundError) as error:
        raise _rejected(str(file), dataset, str(error)) from error
    return _source([arrays[name] for name in _MEMBERS], dataset, str(file))


def _download(dataset: Dataset, file: Path | None) -> list[Array]:
    module = importlib.import_module(f"keras.datasets.{dataset.name}")
    try:
        (x_train, y_train), (x_test, y_test) = module.load_data()
    except Exception as error:  # keras.utils.get_file raises a bare Exception
        folder = file.parent if file else "the folder that the environment variable DATASETS_DIR names"
        raise DatasetUnavailable(
            f"{dataset.name} is not on this machine and could not be downloaded ({type(error).__name__}); "
            f"put {dataset.name}.npz into {folder}, with the arrays {array_layout(dataset)}; see docs/datasets.md"
        ) from error
    return [x_train, y_train, x_test, y_test]


def _source(members: list[Array], dataset: Dataset, origin: str) -> Source:
    x_train, y_train, x_test, y_test = members
    for split, images, labels in (("train", x_train, y_train), ("test", x_test, y_test)):
        if not (_are_images(images, dataset) and _are_labels(labels, len(images), dataset)):
            raise _rejected(origin, dataset, f"x_{split} is {_describe(images)} and y_{split} {_describe(labels)}")
    labels = np.concatenate([y_train.ravel(), y_test.ravel()]).astype(np.int64)

    def read(indices: Indices) -> Images:
        early = indices < len(x_train)
        if early.all():
            images = x_train[indices]
        else:
            images = np.empty((len(indices), *x_train.shape[1:]), np.uint8)
            images[early] = x_train[indices[early]]
            images[~early] = x_test[indices[~early] - len(x_train)]
        return images.reshape(-1, *(dataset.image_shape or ()))

    source = Source(labels, len(x_train), read)
    if not source.matches(dataset):
        raise _rejected(origin, dataset, "its classes have other numbers of samples")
    return source


def _are_images(array: Array, dataset: Dataset) -> bool:
    """Keras omits the axis of a single channel."""
    return array.dtype == np.uint8 and array.shape[1:] in (dataset.image_shape, published_shape(dataset))


def _are_labels(array: Array, samples: int, dataset: Dataset) -> bool:
    """Keras uses both (samples,) and (samples, 1)."""
    if not np.issubdtype(array.dtype, np.integer) or array.shape not in ((samples,), (samples, 1)):
        return False
    return samples == 0 or 0 <= array.min() <= array.max() < len(dataset.classes)


def _rejected(origin: str, dataset: Dataset, found: str) -> DatasetUnavailable:
    return DatasetUnavailable(
        f"{origin} is not {dataset.name} as Keras has it: {found}; expected {array_layout(dataset)}; replace the "
        "file, or remove it so that Keras downloads its own"
    )


def _describe(array: Array) -> str:
    """Labels also with their range, which differs between datasets of one shape."""
    span = f", {array.min()} to {array.max()}" if array.ndim in (1, 2) and array.size else ""
    return f"{array.shape} {array.dtype}{span}"
