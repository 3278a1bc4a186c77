"""The data sets as arrays, in three parts."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from specs.dataset import DatasetSpec

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


class DatasetUnavailable(Exception):
    """The data set's file is not here and cannot be had."""


class Part(NamedTuple):
    """Images (samples, height, width, channels), uint8 0-255, and their class indices (samples,), int64."""

    images: Images
    labels: Labels


class Parts(NamedTuple):
    training: Part
    validation: Part
    test: Part


def load_parts(spec: DatasetSpec, datasets_dir: Path | None) -> Parts:
    """Read and split; the same spec gives the same parts. Raises DatasetUnavailable."""
    train, test = _LOADERS[spec.name](datasets_dir)
    sizes, split = spec.part_sizes(), spec.split
    if split.test != "official":
        whole = Part(np.concatenate([train.images, test.images]), np.concatenate([train.labels, test.labels]))
        train, test = _cut(whole, sizes.test, spec)
    train, validation = _cut(train, sizes.validation, spec)
    return Parts(train, validation, test)


def _cut(part: Part, held_out: int, spec: DatasetSpec) -> tuple[Part, Part]:
    kept, out = train_test_split(
        np.arange(len(part.labels)),
        test_size=held_out,
        random_state=spec.split.seed,
        stratify=part.labels if spec.split.stratify else None,
    )
    return Part(part.images[kept], part.labels[kept]), Part(part.images[out], part.labels[out])


def _digits(_: Path | None) -> tuple[Part, Part]:
    """scikit-learn's 1,797 digits, 8x8, their ink of 0-16 stretched to 0-255."""
    bunch = load_digits()
    images = np.rint(bunch.images[..., None] * (255 / 16)).astype(np.uint8)
    labels = bunch.target.astype(np.int64)
    return Part(images, labels), Part(images[:0], labels[:0])


def _mnist(datasets_dir: Path | None) -> tuple[Part, Part]:
    file = datasets_dir / "mnist.npz" if datasets_dir else None
    if file is not None and file.is_file():
        try:
            with np.load(file, allow_pickle=False) as arrays:
                train, test = (
                    (arrays["x_train"], arrays["y_train"]),
                    (arrays["x_test"], arrays["y_test"]),
                )
        except (KeyError, ValueError, OSError, BadZipFile) as error:
            raise DatasetUnavailable(f"{file} is not MNIST as Keras stores it: {error}") from error
    else:
        train, test = _downloaded_mnist(file)
    return _with_channel(*train), _with_channel(*test)


def _downloaded_mnist(file: Path | None) -> tuple[tuple[Images, Labels], tuple[Images, Labels]]:
    try:
        return keras.datasets.mnist.load_data()  # type: ignore[no-any-return]
    except Exception as error:  # keras.utils.get_file wraps whatever went wrong in a bare Exception
        place = file or "a folder named by the environment variable DATASETS_DIR"
        raise DatasetUnavailable(
            f"mnist is not on this machine and could not be downloaded ({type(error).__name__}); "
            f"put mnist.npz, as Keras publishes it, into {place}"
        ) from error


def _with_channel(images: Images, labels: Labels) -> Part:
    return Part(images[..., None], labels.astype(np.int64))


_LOADERS: dict[str, Callable[[Path | None], tuple[Part, Part]]] = {"digits": _digits, "mnist": _mnist}
