"""Points in a plane, in heaps: a dataset that is made, not read."""

from pydantic import Field

from specs import limits
from specs.dataset.facts import Dataset
from specs.schema import Schema

_FEATURES = 2


class BlobsSpec(Schema):
    """The arguments of scikit-learn's `make_blobs`: `centers` heaps of points with two features each, one heap a
    class, `cluster_std` wide. The same `random_state` gives the same points.
    """

    n_samples: int = Field(default=1_000, ge=2, le=limits.BLOBS)
    centers: int = Field(default=4, ge=2, le=limits.CENTERS)
    cluster_std: float = Field(default=2.0, gt=0, le=1_000)
    random_state: int = Field(default=2, ge=0, le=limits.SEED)

    def facts(self) -> Dataset:
        """As even as `make_blobs` makes them: the first heaps take what is left over."""
        share, left_over = divmod(self.n_samples, self.centers)
        counts = tuple(share + (center < left_over) for center in range(self.centers))
        return Dataset("blobs", (_FEATURES,), tuple(map(str, range(self.centers))), counts)
