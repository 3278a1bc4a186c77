"""The arrays that augmentation takes and gives."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]  # (samples, height, width, channels)
Matrices = NDArray[np.float64]  # (samples, 3, 3)
Labels = NDArray[np.int64] | NDArray[np.float32]  # (samples,) class indices, or (samples, classes) shares
Shares = NDArray[np.float32]  # (samples, classes)
Range = tuple[float, float]
Values = NDArray[np.float64]  # (samples,)
LayerDict = dict[str, Any]


def drawn(ends: Range, count: int, generator: np.random.Generator) -> Values:
    """`count` numbers between the ends, uniformly."""
    return generator.uniform(ends[0], ends[1], count)
