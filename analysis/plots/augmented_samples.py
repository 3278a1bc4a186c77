"""Samples beside changed copies of themselves, as rows to be drawn. It takes no Matplotlib: the lock on drawing is not
held while affordable are made."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imaging.augmentation import Augmentation
from models_store.experiments.training_samples import Samples
from specs.augmentation import AugmentationLayer, ElasticDistortion
from specs.experiment import ExperimentSpec

_ROWS = 6
_COPIES = 7
_SHARES = 2  # of a mixed label are named
# What one plot may spend on copies, and what a layer takes of it for each pixel of three channels: measured on one core
# with 512x512 affordable. A distortion smooths with a window of about 8 sigma, once across and once down.
_MAX_NANOSECONDS = 1e9
_LAYER_NANOSECONDS = 15.0
_SIGMA_NANOSECONDS = 4.4


class Share(NamedTuple):
    """Of a label. `share` is written before it, such as `60% `, or nothing where it is whole."""

    share: str
    name: str


class Cell(NamedTuple):
    """An image, uint8 (height, width, channels), and the label below it."""

    image: NDArray[np.uint8]
    label: tuple[Share, ...]


class Sheet(NamedTuple):
    """`columns` are headings, none where every cell is an original; `note` says what was left out, if anything."""

    rows: list[list[Cell]]
    columns: list[str]
    note: str | None = None


def sheet_of(spec: ExperimentSpec, samples: Samples) -> Sheet:
    """Takes about a second at the most, and up to five where a single copy takes longer than that."""
    if spec.augmentation is None:
        cells = [_original(samples, place) for place in range(len(samples.images))]
        return Sheet([cells[start : start + _COPIES + 1] for start in range(0, len(cells), _COPIES + 1)], [])
    count, copies = _affordable(spec.augmentation.layers, samples.images)
    rows = _changed(spec, Samples(samples.images[:count], samples.labels[:count]), copies)
    fewer = copies < _COPIES or len(rows) < min(_ROWS, len(samples.images))
    note = f"{len(rows)} samples, each copied {copies} times: more would take too long at this size" if fewer else None
    return Sheet(rows, ["original", *(f"copy {number}" for number in range(1, copies + 1))], note)


def _affordable(layers: Sequence[AugmentationLayer], images: NDArray[np.uint8]) -> tuple[int, int]:
    """How many of the samples, at least two where there are so many, and how many copies of each."""
    distorted = sum(layer.sigma for layer in layers if isinstance(layer, ElasticDistortion))
    pixel = len(layers) * _LAYER_NANOSECONDS + distorted * _SIGMA_NANOSECONDS
    affordable = int(_MAX_NANOSECONDS / (pixel * images[0].size / 3))
    count = min(len(images), max(2, affordable // _COPIES))
    return count, min(_COPIES, max(1, affordable // count))


def _changed(spec: ExperimentSpec, samples: Samples, copies: int) -> list[list[Cell]]:
    names = tuple(dict.fromkeys(samples.labels))
    layers = [layer.model_dump() for layer in spec.augmentation.layers] if spec.augmentation else []
    augmentation = Augmentation(layers, len(names))
    generator = np.random.default_rng(spec.training.seed)
    labels = np.array([names.index(label) for label in samples.labels], dtype=np.int64)
    # All samples go through, so that affordable are mixed with more than those that are shown.
    batches = [augmentation(samples.images, labels, generator) for _ in range(copies)]
    return [
        [_original(samples, row), *(Cell(images[row], _mixed(shares[row], names)) for images, shares in batches)]
        for row in range(min(_ROWS, len(samples.images)))
    ]


def _original(samples: Samples, place: int) -> Cell:
    return Cell(samples.images[place], (Share("", samples.labels[place]),))


def _mixed(label: NDArray[np.generic], names: Sequence[str]) -> tuple[Share, ...]:
    """Nothing for a label that is as it was."""
    if label.ndim == 0:
        return ()
    shares = label.astype(float)
    largest = [place for place in np.argsort(-shares)[:_SHARES] if shares[place] >= 0.005]
    return tuple(Share(f"{shares[place]:.0%} ", names[place]) for place in largest)
