"""The datasets that scikit-learn has or generates, as they are trained on.

Without importing scikit-learn, which takes longer than the start of the API: its file is read, its generator repeated.
"""

import gzip
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from specs.dataset import DATASETS, BlobsSpec

_DIGITS = "sklearn/datasets/data/digits.csv.gz"
# Where the centers of the clusters lie, in each direction.
_LOW, _HIGH = -10.0, 10.0


class Generated(NamedTuple):
    """`samples` (n, ...), and `labels` (n,), the indices of their classes."""

    samples: NDArray[Any]
    labels: NDArray[np.int64]


@cache
def generate_digits() -> Generated:
    """1,797 handwritten digits (n, 8, 8, 1), uint8, with their ink of 0-16 scaled to 0-255; read-only."""
    with gzip.open(Path(str(distribution("scikit-learn").locate_file(_DIGITS)))) as file:
        rows = np.loadtxt(file, dtype=np.int64, delimiter=",")
    ink, labels = rows[:, :-1].reshape(-1, 8, 8, 1), rows[:, -1].copy()
    images = np.rint(ink * (255 / DATASETS["digits"].published_max)).astype(np.uint8)
    images.flags.writeable = labels.flags.writeable = False
    return Generated(images, labels)


def generate_blobs(spec: BlobsSpec) -> Generated:
    """The points (n_samples, 2), float32, of scikit-learn's `make_blobs`."""
    generator = np.random.RandomState(spec.random_state)
    centers = generator.uniform(_LOW, _HIGH, size=(spec.centers, 2))
    counts = spec.facts().training_counts
    points = np.concatenate(
        [generator.normal(center, spec.cluster_std, (n, 2)) for center, n in zip(centers, counts, strict=True)]
    )
    order = np.arange(spec.n_samples)
    generator.shuffle(order)
    return Generated(points[order].astype(np.float32), np.repeat(np.arange(spec.centers), counts)[order])
