"""Is it one digit? A small network that tells one upright digit from letters, symbols, rows of digits and things.

`benchmarks/digit_detector.py` trains it, and writes detector.npz, on digits of MNIST's training split and on drawn and
rendered material.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.digits.ink import Gray

WEIGHTS = Path(__file__).with_name("detector.npz")
_Layers = tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]
# MNIST's validation and test digits are below it in one of a hundred cases.
_THRESHOLD = 0.25


def is_one_digit(image: Gray) -> bool:
    """Of an image in the form of MNIST, uint8, (28, 28)."""
    return bool(score(detector_input(image[None]))[0] >= _THRESHOLD)


def detector_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 28, 28) to the means of 2x2 pixels, (n, 196), 0-1."""
    wide = images.astype(np.float32)
    means = wide[:, ::2, ::2] + wide[:, 1::2, ::2] + wide[:, ::2, 1::2] + wide[:, 1::2, 1::2]
    return means.reshape(len(images), -1) / np.float32(4 * 255)


def score(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 196) to the probability of one digit, (n,)."""
    *hidden, (weights, bias) = _layers()
    for matrix, offset in hidden:
        inputs = np.maximum(inputs @ matrix + offset, 0)
    return np.asarray(1 / (1 + np.exp(-np.clip(inputs @ weights + bias, -50, 50))))[:, 0]


@cache
def _layers() -> _Layers:
    with np.load(WEIGHTS) as file:
        arrays = [file[name].astype(np.float32) for name in file.files]
    return tuple(zip(arrays[::2], arrays[1::2], strict=True))
