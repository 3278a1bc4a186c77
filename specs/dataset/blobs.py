"""The generated dataset `blobs`: Gaussian clusters of points in the plane."""

from pydantic import Field

from specs import limits
from specs.dataset.facts import Dataset
from specs.schema import Schema

_FEATURES = 2


class BlobsSpec(Schema):
    """The arguments of scikit-learn's `make_blobs`: `n_samples` points with two features in `centers` clusters, one
    per class, with standard deviation `cluster_std`. The same `random_state` gives the same points.
    """

    n_samples: int = Field(default=1_000, ge=2, le=limits.BLOBS)
    centers: int = Field(default=4, ge=2, le=limits.CENTERS)
    cluster_std: float = Field(default=2.0, gt=0, le=1_000)
    random_state: int = Field(default=2, ge=0, le=limits.SEED)

    def facts(self) -> Dataset:
        """The facts of the dataset. As in `make_blobs`, the first clusters get the remainder, one point each."""
        share, rest = divmod(self.n_samples, self.centers)
        counts = tuple(share + (center < rest) for center in range(self.centers))
        return Dataset("blobs", (_FEATURES,), tuple(map(str, range(self.centers))), counts)
