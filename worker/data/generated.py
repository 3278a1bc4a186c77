"""The datasets that need no file: scikit-learn brings or makes them."""

import numpy as np
from sklearn.datasets import load_digits, make_blobs

from specs.dataset import BlobsSpec
from worker.data.source import Source


def digits() -> Source:
    """1,797 handwritten digits, 8x8, their ink of 0-16 stretched to 0-255."""
    bunch = load_digits()
    images = np.rint(bunch.images[..., None] * (255 / 16)).astype(np.uint8)
    return Source(bunch.target.astype(np.int64), len(images), images.__getitem__)


def blobs(spec: BlobsSpec) -> Source:
    """Features (n_samples, 2), float32."""
    features, labels = make_blobs(n_features=2, **spec.model_dump())
    return Source(labels.astype(np.int64), len(labels), features.astype(np.float32).__getitem__)
