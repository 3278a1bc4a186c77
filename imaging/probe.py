"""A fixed picture, to see whether a network still answers as it did when it was published."""

import numpy as np
from numpy.typing import NDArray

PROBE_TOLERANCE = 1e-4


def probe_image(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A pattern that holds every value of a byte: (height, width, channels), uint8. It depends on `shape` alone."""
    count = int(np.prod(shape))
    return (np.arange(count, dtype=np.uint32) * 97 % 256).astype(np.uint8).reshape(shape)
