"""Augmented copies of samples, in rows to be plotted.

Does not import Matplotlib: copies are made without the lock on drawing.
"""

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
_MAX_SHARES = 2  # of a mixed label; only `OutlierExposure` mixes more, all of them
_EVEN = 1e-3
# What one plot may spend on copies, and the cost of a layer for each pixel of three channels, measured on one core with
# 512x512 images. A distortion smooths with a window of about 8 sigma, once across and once down.
_MAX_NANOSECONDS = 1e9
_LAYER_NANOSECONDS = 15.0
_SIGMA_NANOSECONDS = 4.4


class Share(NamedTuple):
    """Of a label. `share` is text before the name, such as "60% ", empty for a whole label."""

    share: str
    name: str


class Cell(NamedTuple):
    """An image, uint8 (height, width, channels), and the label below it."""

    image: NDArray[np.uint8]
    label: tuple[Share, ...]


class Sheet(NamedTuple):
    """`columns` are headings, empty if every cell is an original; `note` says what was left out, if anything."""

    rows: list[list[Cell]]
    columns: list[str]
    note: str | None = None


def augment_samples(spec: ExperimentSpec, samples: Samples) -> Sheet:
    """Takes about a second at most, and up to five if a single copy takes longer than that."""
    augmentation = spec.training_augmentation
    if augmentation is None:
        cells = [_original(samples, row) for row in range(len(samples.images))]
        return Sheet([cells[start : start + _COPIES + 1] for start in range(0, len(cells), _COPIES + 1)], [])
    count, copies = _affordable(augmentation.layers, samples.images)
    rows = _copy_rows(spec, Samples(samples.images[:count], samples.labels[:count]), copies)
    fewer = copies < _COPIES or len(rows) < min(_ROWS, len(samples.images))
    note = _fewer_note(len(rows), copies) if fewer else None
    return Sheet(rows, ["original", *(f"copy {number}" for number in range(1, copies + 1))], note)


def _fewer_note(rows: int, copies: int) -> str:
    samples = "1 sample" if rows == 1 else f"{rows} samples, each"
    return f"{samples} copied {'once' if copies == 1 else f'{copies} times'}: more would take too long at this size"


def _affordable(layers: Sequence[AugmentationLayer], images: NDArray[np.uint8]) -> tuple[int, int]:
    """The number of samples, at least two if there are so many, and of copies of each."""
    sigmas = sum(layer.sigma for layer in layers if isinstance(layer, ElasticDistortion))
    pixel_nanoseconds = len(layers) * _LAYER_NANOSECONDS + sigmas * _SIGMA_NANOSECONDS
    affordable = int(_MAX_NANOSECONDS / (pixel_nanoseconds * images[0].size / 3))
    count = min(len(images), max(2, affordable // _COPIES))
    return count, min(_COPIES, max(1, affordable // count))


def _copy_rows(spec: ExperimentSpec, samples: Samples, copies: int) -> list[list[Cell]]:
    names = tuple(dict.fromkeys(samples.labels))
    wanted = spec.training_augmentation
    augmentation = Augmentation([layer.model_dump() for layer in wanted.layers] if wanted else [], len(names))
    generator = np.random.default_rng(spec.training.seed)
    labels = np.array([names.index(label) for label in samples.labels], dtype=np.int64)
    # All samples are augmented, so that images are mixed with more than those that are shown.
    batches = [augmentation(samples.images, labels, generator) for _ in range(copies)]
    return [
        [_original(samples, row), *(Cell(images[row], _mixed_label(shares[row], names)) for images, shares in batches)]
        for row in range(min(_ROWS, len(samples.images)))
    ]


def _original(samples: Samples, row: int) -> Cell:
    return Cell(samples.images[row], (Share("", samples.labels[row]),))


def _mixed_label(label: NDArray[np.generic], names: Sequence[str]) -> tuple[Share, ...]:
    """Empty for a label that was not mixed."""
    if label.ndim == 0:
        return ()
    shares = label.astype(float)
    if len(shares) > _MAX_SHARES and np.ptp(shares) < _EVEN:
        return (Share("", "no class"),)
    largest = [index for index in np.argsort(-shares)[:_MAX_SHARES] if shares[index] >= 0.005]
    return tuple(Share(f"{shares[index]:.0%} ", names[index]) for index in largest)
