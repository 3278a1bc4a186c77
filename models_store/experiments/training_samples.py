"""A few of the training samples of an experiment, as its network receives them: for those who cannot read datasets.

The trainer writes them into its attempt, and publishes them with the result.
"""

from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models_store.files import write_atomic
from models_store.npz import read_npz
from models_store.round_robin import round_robin

SAMPLES_FILE = "samples.npz"
_MOST = 32
_LEAST = 8
_BYTES = 2_000_000
_MAX_READ_BYTES = 100_000_000


class Samples(NamedTuple):
    """StoredImages (samples, height, width, channels), uint8, and the name of each one's class."""

    images: NDArray[np.uint8]
    labels: tuple[str, ...]


def write_samples(
    folder: Path, images: NDArray[np.uint8 | np.float32], labels: NDArray[np.int64], classes: tuple[str, ...]
) -> None:
    """Keep some of `images` (samples, height, width, channels) in `folder`, of every class in turn; what is no image
    is not kept. Raises StorageFull."""
    if images.ndim != 4:
        return
    chosen = round_robin(labels)[: max(_LEAST, min(_MOST, _BYTES // images[0].nbytes))]
    file = BytesIO()
    np.savez_compressed(file, images=images[chosen], labels=np.array(classes)[labels[chosen]])
    write_atomic(folder / SAMPLES_FILE, file.getvalue())


def read_samples(folder: Path) -> Samples | None:
    """None if there are none in `folder`. Raises Damaged."""
    path = folder / SAMPLES_FILE
    if not path.is_file():
        return None
    arrays = read_npz(path, ("images", "labels"), _MAX_READ_BYTES)
    return Samples(arrays["images"], tuple(arrays["labels"].tolist()))
