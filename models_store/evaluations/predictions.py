"""What the published network answered for every sample of an experiment's splits, and images of what it got wrong.

Figures that nobody has asked for yet can be computed from them without the network and without the dataset.
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
from models_store.round_robin import in_turns
from specs.splits import EvaluatedSplit, SplitName

_MAX_IMAGES = 1_000
_IMAGE_BYTES = 4_000_000


class Predictions(NamedTuple):
    """Of one split, a row for each sample.

    `samples`: int64 (n,), the sample's number in its dataset, those of its training split first, then those of its
    official test split. `truth` and `predicted`: int64 (n,), class indices in the order of the experiment's classes.
    `probabilities`: float16 (n, classes); `predicted` is the most probable class before they were rounded.
    `image_rows`: int64 (k,), the rows that have an image, and `images`: uint8 (k, height, width, channels), these as
    the network received them; wrong ones only, and not more than a few MB of them.
    """

    samples: NDArray[np.int64]
    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float16]
    image_rows: NDArray[np.int64]
    images: NDArray[np.uint8]

    @property
    def wrong(self) -> NDArray[np.int64]:
        """Rows (wrong samples,), in order."""
        return np.flatnonzero(self.truth != self.predicted)

    def image(self, row: int) -> NDArray[np.uint8] | None:
        """(height, width, channels), or None where none was kept."""
        place = int(np.searchsorted(self.image_rows, row))
        kept = place < len(self.image_rows) and self.image_rows[place] == row
        return self.images[place] if kept else None


def predictions_of(
    samples: NDArray[np.int64],
    truth: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    images: NDArray[np.uint8 | np.float32],
) -> Predictions:
    """Put together what is kept. `images` are the network's inputs, (n, height, width, channels); where they are no
    images none are kept."""
    return predictions_on(samples, truth, probabilities, images.shape[1:], images.__getitem__)


def predictions_on(
    samples: NDArray[np.int64],
    truth: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    shape: tuple[int, ...],
    read: Callable[[NDArray[np.int64]], NDArray[Any]],
) -> Predictions:
    """The same of inputs of `shape` that need not be in memory: `read` gives those at some rows."""
    predicted = probabilities.argmax(axis=1)
    image_rows = np.empty(0, dtype=np.int64)
    images = np.empty((0, 1, 1, 1), dtype=np.uint8)
    if len(shape) == 3:
        wrong = np.flatnonzero(predicted != truth)
        image_rows = _most_telling(wrong, truth, predicted, probabilities, math.prod(shape))
        images = read(image_rows).astype(np.uint8, copy=False)
    return Predictions(samples, truth, predicted, probabilities.astype(np.float16), image_rows, images)


def _most_telling(
    wrong: NDArray[np.int64],
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    image_bytes: int,
) -> NDArray[np.int64]:
    """Rows, in order: of every pair of classes that were taken for each other in turn, the surest mistake first."""
    surest = wrong[np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")]
    pairs = truth[surest] * probabilities.shape[1] + predicted[surest]
    return np.sort(surest[in_turns(pairs)][: min(_MAX_IMAGES, _IMAGE_BYTES // image_bytes)])


def predictions_file(split: SplitName | EvaluatedSplit) -> str:
    return f"predictions-{split}.npz"


def write_predictions(folder: Path, split: SplitName | EvaluatedSplit, predictions: Predictions) -> None:
    """Raises OSError."""
    small = np.uint16 if predictions.probabilities.shape[1] <= 2**16 else np.uint32
    arrays = predictions._asdict() | {
        "truth": predictions.truth.astype(small),
        "predicted": predictions.predicted.astype(small),
    }
    file = BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    write_synced(folder / predictions_file(split), file.getvalue())


def read_predictions(folder: Path, split: SplitName | EvaluatedSplit) -> Predictions:
    """From the published `folder`. Raises NotFound if the experiment kept none of this part, Damaged."""
    name = predictions_file(split)
    check_size(folder, name)
    try:
        stored = Predictions(**read_npz(folder / name, Predictions._fields))
    except FileNotFoundError as error:
        raise NotFound(f"{name} was deleted") from error
    with npz_errors(folder / name):
        return _checked(stored)


def _checked(stored: Predictions) -> Predictions:
    rows, classes = stored.probabilities.shape
    truth, predicted = stored.truth.astype(np.int64), stored.predicted.astype(np.int64)
    shapes: list[tuple[NDArray[Any], tuple[int, ...]]] = [
        (stored.samples, (rows,)),
        (truth, (rows,)),
        (predicted, (rows,)),
        (stored.image_rows, stored.images.shape[:1]),
    ]
    if any(array.shape != shape for array, shape in shapes) or max(truth.max(), predicted.max()) >= classes:
        raise ValueError("its arrays do not belong together")
    return stored._replace(truth=truth, predicted=predicted)
