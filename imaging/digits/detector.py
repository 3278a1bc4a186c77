"""Is it one digit? A small network that tells one upright digit from letters, symbols, rows of digits and things.

`benchmarks/digit_detector.py` trains it, and writes detector.npz, on digits of MNIST's training split and on drawn and
rendered material.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WEIGHTS = Path(__file__).with_name("detector.npz")
_Layers = list[tuple[NDArray[np.float32], NDArray[np.float32]]]
# MNIST's validation and test digits are below it in one of a hundred cases.
_THRESHOLD = 0.25
_ZERO = np.zeros((), dtype=np.float32)  # quicker than a Python number
_MIN_LOGIT = math.log(_THRESHOLD / (1 - _THRESHOLD))
# (56, 14): from two rows of pixels beside each other, 0-255, to the means of 2x2, 0-1.
_SQUARE_MEANS = np.tile(np.repeat(np.eye(14, dtype=np.float32), 2, axis=0), (2, 1)) / np.float32(4 * 255)


def is_one_digit(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Of images in the form of MNIST: uint8, (..., 28, 28), to bool, (...)."""
    are_digits: NDArray[np.bool_] = _logits(detector_input(images)) >= _MIN_LOGIT
    return are_digits


def detector_input(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(..., 28, 28) to the means of 2x2 pixels, (..., 196), 0-1."""
    count = images.shape[:-2]
    means = images.reshape(*count, 14, 56).astype(np.float32) @ _SQUARE_MEANS
    return means.reshape(*count, 196)


def _logits(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., 196) to the log odds of one digit, (...)."""
    hidden, weights, bias = _layers()
    for matrix, offset in hidden:
        inputs = inputs @ matrix
        inputs += offset
        np.maximum(inputs, _ZERO, out=inputs)
    logits: NDArray[np.float32] = inputs @ weights
    return logits + bias


@cache
def _layers() -> tuple[_Layers, NDArray[np.float32], np.float32]:
    """The matrices and offsets of the hidden layers, and those of the only output."""
    with np.load(WEIGHTS) as file:
        arrays = [file[name].astype(np.float32) for name in file.files]
    *hidden, (weights, bias) = zip(arrays[::2], arrays[1::2], strict=True)
    return hidden, np.ascontiguousarray(weights[:, 0]), bias[0]
