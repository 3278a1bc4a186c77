"""Separation of ink from paper, dark on light or light on dark, in any lighting."""

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from imaging.digits.pixels import look_up

Gray = NDArray[np.uint8]  # (height, width)
Mask = NDArray[np.bool_]  # (height, width)
Counts = NDArray[np.int64 | np.float64]  # (256,), by level

_Integer = TypeVar("_Integer", bound=np.integer)

# Paper is evenly lit if the pixels at the edge vary by at most this, of 255.
_EVEN = 12
# The lighting is estimated on a grid with so many cells along the longer side; strokes are narrower than the reach.
_CELLS = 16
_REACH = 5
# No pixel is brighter in images that are not from 0 to 255.
_FOREIGN_PEAK = 16
_LEVELS = np.arange(256, dtype=np.float64)
_VALUES = np.arange(256, dtype=np.uint8)


class Ink(NamedTuple):
    """`strength`, uint8, (height, width), is 0 for paper and 255 for the strongest ink. `contrast` is the difference
    between the two, 0-255. `threshold` separates strokes from stains in `strength`, 0-255. `is_evened` is True if the
    lighting was removed."""

    strength: Gray
    contrast: int
    threshold: int
    is_dark: bool
    is_evened: bool


def find_inks(image: Gray | NDArray[np.uint8], is_dark: bool | None = None) -> list[Ink]:
    """The possible inks of an image, uint8, (height, width) or (height, width, 3).

    Returns one ink if the paper is evenly lit or if it is known whether the ink `is_dark`; otherwise the dark ink and
    the light ink.
    """
    gray = luminance(image)
    darkest, level, lightest = quantiles(edge_pixels(gray), (0.05, 0.5, 0.95))
    if lightest - darkest <= _EVEN:
        is_dark = _is_ink_dark(gray, level) if is_dark is None else is_dark
        return [_ink(_subtract_paper(image, is_dark), is_dark, is_evened=False)]
    kinds = (True, False) if is_dark is None else (is_dark,)
    return [_ink(_even_lighting(image, kind), kind, is_evened=True) for kind in kinds]


def _ink(raw: Gray, is_dark: bool, *, is_evened: bool) -> Ink:
    counts = histogram(raw)
    contrast = highest(counts, max(3, raw.size // 5000))
    scaled = _scale(contrast)
    threshold = _threshold(np.bincount(scaled, weights=counts, minlength=256))
    return Ink(look_up(raw, scaled.tobytes()), contrast, threshold, is_dark, is_evened)


@cache
def _scale(contrast: int) -> NDArray[np.uint8]:
    """What becomes of each level, (256,), if `contrast` becomes 255."""
    scaled: NDArray[np.uint8] = np.minimum(_VALUES * np.float32(255 / max(contrast, 1)), 255).astype(np.uint8)
    return scaled


def _channel(image: NDArray[np.uint8], is_dark: bool) -> Gray:
    """Per pixel the channel that shows the ink best (blue ink is faint in the blue channel and dark in the red one),
    inverted for light ink, so that ink is always darker than paper."""
    if image.ndim == 3:
        image = image.min(axis=2) if is_dark else image.max(axis=2)
    return image if is_dark else 255 - image


def _subtract_paper(image: NDArray[np.uint8], is_dark: bool) -> Gray:
    gray = _channel(image, is_dark)
    [level] = quantiles(edge_pixels(gray), (0.5,))
    return level - np.minimum(gray, level)


def _even_lighting(image: NDArray[np.uint8], is_dark: bool) -> Gray:
    gray = _channel(image, is_dark)
    paper = _paper(gray)
    # Shadows scale dark ink as they scale the paper; light ink adds to what is below it.
    return _relative_darkness(gray, paper) if is_dark else paper - np.minimum(gray, paper)


def stretch_range(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stretch an image whose pixels are not from 0 to 255 but from 0 to 1, or to 16 as those of scikit-learn's digits,
    to 255; any other is returned as it is."""
    peak = int(image.max())
    return image * np.uint8(255 // peak) if 0 < peak <= _FOREIGN_PEAK else image


def luminance(image: NDArray[np.uint8]) -> Gray:
    """The luminance of an RGB image by ITU-R 601-2, as in Pillow; a grayscale image is returned as it is."""
    return image if image.ndim == 2 else np.asarray(Image.fromarray(image).convert("L"))


def quantiles(values: NDArray[np.uint8], shares: Sequence[float]) -> list[int]:
    """Quantiles of uint8 values, which numpy sorts by their digits."""
    ordered = np.sort(values, axis=None, kind="stable")
    return [int(ordered[max(math.ceil(share * len(ordered)) - 1, 0)]) for share in shares]


def edge_pixels(values: NDArray[_Integer]) -> NDArray[_Integer]:
    """The outermost pixels of (height, width), as one dimension."""
    return np.concatenate((values[0], values[-1], values[1:-1, 0], values[1:-1, -1]))


def _is_ink_dark(gray: Gray, level: int) -> bool:
    """Whether dark pixels differ more from the level of the edge, by squares, so that strokes outweigh shadows."""
    counts, squares = histogram(gray), (_LEVELS - level) ** 2
    return bool(counts[:level] @ squares[:level] >= counts[level:] @ squares[level:])


def _paper(gray: Gray) -> Gray:
    """The brightness of the paper at each pixel: maxima of cells, closed (Serra 1982) and interpolated."""
    height, width = gray.shape
    side = max(2, -(-max(height, width) // _CELLS))
    rows, columns = -(-height // side), -(-width // side)
    extended = np.pad(gray, ((0, rows * side - height), (0, columns * side - width)), mode="edge")
    brightest = extended.reshape(rows, side, columns, side).max(axis=(1, 3))
    coarse = Image.fromarray(brightest)
    if min(rows, columns) >= _REACH:
        # Closing replaces what is narrower than the reach by the paper around it, and keeps larger shadows.
        coarse = coarse.filter(ImageFilter.MaxFilter(_REACH)).filter(ImageFilter.MinFilter(_REACH))
        coarse = coarse.filter(ImageFilter.BoxBlur(1))
    smooth = coarse.resize((columns * side, rows * side), Image.Resampling.BILINEAR)
    return np.asarray(smooth)[:height, :width]


def _relative_darkness(gray: Gray, paper: Gray) -> Gray:
    wide = gray.astype(np.float32)
    return (255 * np.clip(1 - wide / np.maximum(paper, 1), 0, 1)).astype(np.uint8)


def histogram(values: NDArray[np.uint8]) -> Counts:
    """How many pixels have each level."""
    return np.bincount(values.ravel(), minlength=256)


def highest(counts: Counts, ignored: int) -> int:
    """The highest level after ignoring the `ignored` highest pixels, which may be noise."""
    return 255 - int(counts[::-1].cumsum().searchsorted(ignored, side="right"))


def _threshold(counts: Counts) -> int:
    """Otsu's threshold within bounds: the grain of much paper may outweigh a thin stroke."""
    return min(max(otsu(counts) + 1, 70), 150)


def otsu(counts: Counts) -> int:
    """Otsu's threshold (1979): the highest level, 0-255, of the lower class."""
    below = counts.cumsum()
    weighted = (counts * _LEVELS).cumsum()
    above = below[-1] - below
    # An empty class has no mean; 0 does, because it is weighted with 0.
    means = weighted / np.maximum(below, 1), (weighted[-1] - weighted) / np.maximum(above, 1)
    between = below * above * (means[0] - means[1]) ** 2
    return int(between[:-1].argmax())
