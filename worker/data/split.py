"""The splits of an experiment, as arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8 | np.float32]
Labels = NDArray[np.int64]
Indices = NDArray[np.int64]


class Split(NamedTuple):
    """`images`: uint8 0-255 (samples, height, width, channels), or float32 features (samples, features). `labels`:
    int64 (samples,), class indices. `samples`: int64 (samples,), numbers in the dataset, as `Source` counts them."""

    images: Images
    labels: Labels
    samples: Indices


class Splits(NamedTuple):
    training: Split
    validation: Split
    test: Split
