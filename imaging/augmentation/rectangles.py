"""Random intervals, the sides of random rectangles."""

import numpy as np
from numpy.typing import NDArray

from imaging.augmentation.arrays import Values


def spans(lengths: Values, side: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Draw an interval per length, a fraction of `side`: start and end in pixels, int64, (samples, 2)."""
    starts = generator.random(len(lengths)) * (side - lengths * side)
    ends = starts + lengths * side
    return np.ceil(np.stack([starts, ends], axis=1)).astype(np.int64)
