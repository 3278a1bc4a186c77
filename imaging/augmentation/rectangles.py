"""Rectangles at random places."""

import numpy as np
from numpy.typing import NDArray

from imaging.augmentation.arrays import Values


def spans(lengths: Values, side: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """For each length, a share of `side`, where such a stretch begins and ends, in whole pixels: (samples, 2)."""
    starts = generator.random(len(lengths)) * (side - lengths * side)
    ends = starts + lengths * side
    return np.ceil(np.stack([starts, ends], axis=1)).astype(np.int64)
