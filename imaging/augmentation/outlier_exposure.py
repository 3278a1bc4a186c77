"""Outlier exposure: images of no class with uniform labels, for low confidence on unknown images (Hendrycks, Mazeika
and Dietterich, "Deep Anomaly Detection with Outlier Exposure", ICLR 2019)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.augmentation.arrays import Images, Range, Shares, draw_uniform
from imaging.augmentation.photometry import to_uint8

_Image = NDArray[np.uint8]  # (height, width, channels)
_Classes = NDArray[np.int64]  # (samples,)
_Generator = np.random.Generator

# Without letters that may look like digits, also rotated or mirrored: b B D g G i I J l o O q Q s S y z Z.
_LETTERS = "ACEFHKLMNPRTUVWXYacdefhjkmnprtuvwx"
# The stroke fonts of Hershey (1967), including scripts.
_FONTS = tuple(range(cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX + 1))
_CANVAS = 96


@dataclass(frozen=True)
class OutlierExposure:
    """`factor` is the range of the probability, `kinds` are names in `KINDS`."""

    factor: Range
    kinds: tuple[str, ...]

    def mix(self, images: Images, shares: Shares, generator: _Generator) -> tuple[Images, Shares]:
        count = len(images)
        selected = np.flatnonzero(generator.random(count) < draw_uniform(self.factor, count, generator))
        out, out_shares = images.copy(), shares.copy()
        for index in selected:
            kind = self.kinds[generator.integers(len(self.kinds))]
            out[index] = _MAKERS[kind](images, shares.argmax(axis=1), generator)
        out_shares[selected] = 1 / shares.shape[1]
        return out, out_shares


def _pieces(images: Images, classes: _Classes, generator: _Generator) -> _Image:
    """Halves of two images of different classes, or quarters of several, randomly mirrored."""
    height, width = images.shape[1:3]
    row, column = (int(generator.integers(side // 3, side - side // 3 + 1)) for side in (height, width))
    cut_rows, cut_columns = (((row,), ()), ((), (column,)), ((row,), (column,)))[generator.integers(3)]
    out: _Image = np.empty(images.shape[1:], dtype=np.uint8)
    last = None
    for rows in map(slice, (0, *cut_rows), (*cut_rows, height)):
        for columns in map(slice, (0, *cut_columns), (*cut_columns, width)):
            others = np.flatnonzero(classes != last)
            index = generator.choice(others if len(others) else len(images))
            last = classes[index]
            flips = tuple(slice(None, None, int(step)) for step in generator.choice((-1, 1), 2))
            out[rows, columns] = images[index][flips][rows, columns]
    return out


def _noise(images: Images, _classes: _Classes, generator: _Generator) -> _Image:
    """Gaussian noise of random smoothness, contrast and brightness."""
    shape = images.shape[1:]
    noise = cv2.GaussianBlur(
        generator.standard_normal(shape, np.float32), (0, 0), generator.uniform(0.2, max(shape[:2]) / 8)
    ).reshape(shape)
    levels = generator.uniform(40, 160) / (noise.std() + 1e-6) * noise + generator.uniform(-60, 160)
    return to_uint8(levels)


def _letter(images: Images, _classes: _Classes, generator: _Generator) -> _Image:
    """A letter, light on black, centered, about 0.7 of the image large, slightly rotated, slanted and stretched."""
    height, width, channels = images.shape[1:]
    text = _LETTERS[generator.integers(len(_LETTERS))]
    font = _FONTS[generator.integers(len(_FONTS))]
    canvas = np.zeros((_CANVAS, _CANVAS), np.uint8)
    cv2.putText(canvas, text, (24, 68), font, 2.0, 255, int(generator.integers(3, 12)), cv2.LINE_AA)
    left, top, across, down = cv2.boundingRect(canvas)
    scale = 0.7 * min(height, width) / max(across, down)
    turn = cv2.getRotationMatrix2D(
        (left + across / 2, top + down / 2), generator.uniform(-12, 12), scale * generator.uniform(0.9, 1.05)
    )
    turn[0] = (turn[0] + generator.uniform(-0.3, 0.3) * turn[1]) * generator.uniform(0.75, 1.1)
    middle = turn @ (left + across / 2, top + down / 2, 1)
    turn[:, 2] += (width / 2, height / 2) - middle + generator.uniform(-0.05, 0.05, 2) * (width, height)
    # Smoothed before it is reduced, against aliasing.
    smooth = cv2.GaussianBlur(canvas, (0, 0), 0.4 / scale)
    letter = cv2.warpAffine(smooth, turn, (width, height))
    return np.repeat(np.asarray(letter, np.uint8)[..., None], channels, axis=2)


_MAKERS: Mapping[str, Callable[[Images, _Classes, _Generator], _Image]] = {
    "pieces": _pieces,
    "noise": _noise,
    "letters": _letter,
}
KINDS: Sequence[str] = tuple(_MAKERS)
