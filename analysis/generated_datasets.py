"""The datasets that scikit-learn has or generates, as they are trained on.

scikit-learn is imported when they are asked for: that takes a second, which a start of the API does not need.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from specs.dataset import DATASETS, BlobsSpec


class Generated(NamedTuple):
    """`samples` (n, ...), and `labels` (n,), the indices of their classes."""

    samples: NDArray[Any]
    labels: NDArray[np.int64]


@cache
def generate_digits() -> Generated:
    """1,797 handwritten digits (n, 8, 8, 1), uint8, with their ink of 0-16 scaled to 0-255; read-only."""
    from sklearn.datasets import load_digits  # noqa: PLC0415

    bunch = load_digits()
    images = np.rint(bunch.images[..., None] * (255 / DATASETS["digits"].published_max)).astype(np.uint8)
    labels = bunch.target.astype(np.int64)
    images.flags.writeable = labels.flags.writeable = False
    return Generated(images, labels)


def generate_blobs(spec: BlobsSpec) -> Generated:
    """Points (n_samples, 2), float32."""
    from sklearn.datasets import make_blobs  # noqa: PLC0415

    points, labels = make_blobs(n_features=2, **spec.model_dump())
    return Generated(points.astype(np.float32), labels.astype(np.int64))
