"""What is trained and evaluated on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8 | np.float32]
Labels = NDArray[np.int64]
Indices = NDArray[np.int64]


class Split(NamedTuple):
    """Images (samples, height, width, channels), uint8 0-255, or features (samples, features), float32; their class
    indices (samples,), int64; and each one's number in the dataset, as `Source` counts them, (samples,), int64."""

    images: Images
    labels: Labels
    samples: Indices


class Splits(NamedTuple):
    training: Split
    validation: Split
    test: Split
