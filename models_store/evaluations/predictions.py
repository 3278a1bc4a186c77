"""The predictions of a published network for every sample of a split, with images of the misclassified ones.

Further metrics can be computed from them without the network and without the dataset.
"""

import math
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models_store.artifacts import check_size
from models_store.errors import NotFound
from models_store.files import write_synced
from models_store.npz import npz_errors, read_npz
from models_store.round_robin import round_robin
from specs.splits import EvaluatedSplit, SplitName

_MAX_IMAGES = 1_000
_MAX_BYTES = 4_000_000


class Predictions(NamedTuple):
    """Of one split, one row per sample.

    `samples`: int64 (n,), the sample's number in its dataset, which counts the source's train split first, then its
    test split. `truth` and `predicted`: int64 (n,), class indices in the order of the experiment's classes.
    `probabilities`: float16 (n, classes); `predicted` is the most probable class before rounding. `image_rows`: int64
    (k,), the rows that have an image, and `images`: uint8 (k, height, width, channels), as the network received them;
    only of misclassified samples, and at most a few MB.
    """

    samples: NDArray[np.int64]
    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float16]
    image_rows: NDArray[np.int64]
    images: NDArray[np.uint8]

    @property
    def misclassified(self) -> NDArray[np.int64]:
        """Rows of the misclassified samples, (m,), in order."""
        return np.flatnonzero(self.truth != self.predicted)

    def image(self, row: int) -> NDArray[np.uint8] | None:
        """(height, width, channels), or None if it was not kept."""
        place = int(np.searchsorted(self.image_rows, row))
        kept = place < len(self.image_rows) and self.image_rows[place] == row
        return self.images[place] if kept else None


def build_predictions(
    samples: NDArray[np.int64],
    truth: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    inputs: NDArray[np.uint8 | np.float32],
) -> Predictions:
    """`inputs` are the network's, (n, height, width, channels) or (n, features); features are not kept."""
    return build_predictions_from(samples, truth, probabilities, inputs.shape[1:], inputs.__getitem__)


def build_predictions_from(
    samples: NDArray[np.int64],
    truth: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    shape: tuple[int, ...],
    read: Callable[[NDArray[np.int64]], NDArray[Any]],
) -> Predictions:
    """The same for inputs of `shape` that are not in memory: `read` returns those of some rows."""
    predicted = probabilities.argmax(axis=1)
    image_rows = np.empty(0, dtype=np.int64)
    images = np.empty((0, 1, 1, 1), dtype=np.uint8)
    if len(shape) == 3:
        misclassified = np.flatnonzero(predicted != truth)
        image_rows = _select_rows(misclassified, truth, predicted, probabilities, math.prod(shape))
        images = read(image_rows).astype(np.uint8, copy=False)
    return Predictions(samples, truth, predicted, probabilities.astype(np.float16), image_rows, images)


def _select_rows(
    misclassified: NDArray[np.int64],
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    image_bytes: int,
) -> NDArray[np.int64]:
    """Rows, in order: round-robin over the pairs of true and predicted class, the most confident of a pair first."""
    confidence = probabilities[misclassified, predicted[misclassified]]
    ranked = misclassified[np.argsort(-confidence, kind="stable")]
    pairs = truth[ranked] * probabilities.shape[1] + predicted[ranked]
    return np.sort(ranked[round_robin(pairs)][: min(_MAX_IMAGES, _MAX_BYTES // image_bytes)])


def predictions_file(split: SplitName | EvaluatedSplit) -> str:
    return f"predictions-{split}.npz"


def write_predictions(
    folder: Path, split: SplitName | EvaluatedSplit, predictions: Predictions, *, hides_count: bool = False
) -> None:
    """With `hides_count` the file has the same size whatever number of samples was misclassified: sizes of files and
    the free room of the disk are no secret. Raises OSError."""
    dtype = np.uint16 if predictions.probabilities.shape[1] <= 2**16 else np.uint32
    arrays = predictions._asdict() | {
        "truth": predictions.truth.astype(dtype),
        "predicted": predictions.predicted.astype(dtype),
    }
    if hides_count:
        arrays["padding"] = np.zeros(_padding(predictions), dtype=np.uint8)
    file = BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    write_synced(folder / predictions_file(split), file.getvalue())


def _padding(predictions: Predictions) -> int:
    """Bytes by which the images that are kept are fewer than they could be."""
    each = predictions.images[:1].nbytes or math.prod(predictions.images.shape[1:])
    most = min(len(predictions.samples), _MAX_IMAGES, _MAX_BYTES // each)
    return (most - len(predictions.image_rows)) * (each + predictions.image_rows.itemsize)


def read_predictions(folder: Path, split: SplitName | EvaluatedSplit) -> Predictions:
    """From the published `folder`. Raises NotFound if this split was not evaluated, Damaged."""
    name = predictions_file(split)
    check_size(folder, name)
    try:
        stored = Predictions(**read_npz(folder / name, Predictions._fields))
    except FileNotFoundError as error:
        raise NotFound(f"{name} was deleted") from error
    with npz_errors(folder / name):
        return _check(stored)


def _check(stored: Predictions) -> Predictions:
    rows, classes = stored.probabilities.shape
    truth, predicted = stored.truth.astype(np.int64), stored.predicted.astype(np.int64)
    shapes: list[tuple[NDArray[Any], tuple[int, ...]]] = [
        (stored.samples, (rows,)),
        (truth, (rows,)),
        (predicted, (rows,)),
        (stored.image_rows, stored.images.shape[:1]),
    ]
    if any(array.shape != shape for array, shape in shapes) or max(truth.max(), predicted.max()) >= classes:
        raise ValueError("the shapes of its arrays do not match")
    return stored._replace(truth=truth, predicted=predicted)
