"""A fixed sample, to check that a network still predicts what it did when it was published."""

import numpy as np
from numpy.typing import NDArray

PROBE_TOLERANCE = 1e-4  # largest accepted difference of a probability


def probe_image(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A fixed pattern of all byte values: uint8, (height, width, channels)."""
    count = int(np.prod(shape))
    return (np.arange(count, dtype=np.uint32) * 97 % 256).astype(np.uint8).reshape(shape)


def probe_sample(shape: tuple[int, ...]) -> NDArray[np.uint8 | np.float32]:
    """The probe for a network with input `shape`: `probe_image`, or for (features,) evenly spaced float32 from -1 to
    1."""
    return probe_image(shape) if len(shape) == 3 else np.linspace(-1, 1, shape[0], dtype=np.float32)
