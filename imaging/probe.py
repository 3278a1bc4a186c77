"""A fixed sample, to see whether a network still answers as it did when it was published."""

import numpy as np
from numpy.typing import NDArray

PROBE_TOLERANCE = 1e-4


def probe_image(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A pattern that holds every value of a byte: (height, width, channels), uint8. It depends on `shape` alone."""
    count = int(np.prod(shape))
    return (np.arange(count, dtype=np.uint32) * 97 % 256).astype(np.uint8).reshape(shape)


def probe_sample(shape: tuple[int, ...]) -> NDArray[np.uint8 | np.float32]:
    """What a network that receives `shape` is probed with: `probe_image`, or where the samples are no images
    (features,), float32, evenly from -1 to 1."""
    return probe_image(shape) if len(shape) == 3 else np.linspace(-1, 1, shape[0], dtype=np.float32)
