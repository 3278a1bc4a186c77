"""Array types of the augmentation, and the uniform draw."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]  # (samples, height, width, channels)
Matrices = NDArray[np.float64]  # (samples, 3, 3)
Labels = NDArray[np.int64] | NDArray[np.float32]  # (samples,) class indices, or (samples, classes) probabilities
Shares = NDArray[np.float32]  # (samples, classes), rows sum to 1
Range = tuple[float, float]
Values = NDArray[np.float64]  # (samples,)


def draw_uniform(ends: Range, count: int, generator: np.random.Generator) -> Values:
    """Draw `count` numbers from the uniform distribution between the ends: float64, (count,)."""
    return generator.uniform(ends[0], ends[1], count)
