"""Some training samples of an experiment, as its network receives them, for processes without its dataset.

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
_MAX_SAMPLES = 32
_MIN_SAMPLES = 8
_MAX_BYTES = 2_000_000
_MAX_READ_BYTES = 100_000_000


class Samples(NamedTuple):
    """`images`: uint8 (samples, height, width, channels); `labels`: the class names of the samples."""

    images: NDArray[np.uint8]
    labels: tuple[str, ...]


def write_samples(
    folder: Path, images: NDArray[np.uint8 | np.float32], labels: NDArray[np.int64], classes: tuple[str, ...]
) -> None:
    """Keep some of `images` (samples, height, width, channels) in `folder`, round-robin over the classes; features are
    not kept. Raises StorageFull."""
    if images.ndim != 4:
        return
    chosen = round_robin(labels)[: max(_MIN_SAMPLES, min(_MAX_SAMPLES, _MAX_BYTES // images[0].nbytes))]
    file = BytesIO()
    np.savez_compressed(file, images=images[chosen], labels=np.array(classes)[labels[chosen]])
    write_atomic(folder / SAMPLES_FILE, file.getvalue())


def read_samples(folder: Path) -> Samples | None:
    """None if `folder` has none. Raises Damaged."""
    path = folder / SAMPLES_FILE
    if not path.is_file():
        return None
    arrays = read_npz(path, ("images", "labels"), _MAX_READ_BYTES)
    return Samples(arrays["images"], tuple(arrays["labels"].tolist()))
