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
_ONE = np.ones(())  # quicker than a Python number
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
        counts = histogram(gray)
        is_dark = _is_ink_dark(counts, level) if is_dark is None else is_dark
        channel = _channel(image, is_dark)
        return [_ink_on_even_paper(channel, counts if channel is gray else histogram(channel), is_dark)]
    kinds = (True, False) if is_dark is None else (is_dark,)
    return [_ink(_even_lighting(image, kind), kind) for kind in kinds]


def _ink_on_even_paper(channel: Gray, counts: Counts, is_dark: bool) -> Ink:
    """`counts` are those of the levels of `channel`: a table of what becomes of each is all that is computed."""
    edge = np.sort(edge_pixels(channel), kind="stable").tobytes()
    paper = edge[(len(edge) - 1) // 2 if is_dark else len(edge) // 2]
    ignored = _ignored_pixels(channel)
    contrast = max(paper - lowest(counts, ignored) if is_dark else highest(counts, ignored) - paper, 0)
    table = _differences(paper, is_dark).translate(_scale(contrast))
    return Ink(look_up(channel, table), contrast, _threshold(counts, table), is_dark, is_evened=False)


def _ink(raw: Gray, is_dark: bool) -> Ink:
    """`raw` is the difference of each pixel from the paper below it."""
    counts = histogram(raw)
    contrast = highest(counts, _ignored_pixels(raw))
    table = _scale(contrast)
    return Ink(look_up(raw, table), contrast, _threshold(counts, table), is_dark, is_evened=True)


def _ignored_pixels(image: Gray) -> int:
    return max(3, image.size // 5000)


@cache
def _scale(contrast: int) -> bytes:
    """What becomes of each level, 256 of them, if `contrast` becomes 255."""
    scaled: Gray = np.minimum(_VALUES * np.float32(255 / max(contrast, 1)), 255).astype(np.uint8)
    return scaled.tobytes()


@cache
def _differences(paper: int, is_dark: bool) -> bytes:
    """How much darker, or lighter, than `paper` each level is, 256 of them; 0 for the others."""
    differences: Gray = paper - np.minimum(_VALUES, paper) if is_dark else np.maximum(_VALUES, paper) - paper
    return differences.tobytes()


def _channel(image: NDArray[np.uint8], is_dark: bool) -> Gray:
    """Per pixel the channel that shows the ink best: blue ink is faint in the blue channel and dark in the red one."""
    if image.ndim == 2:
        return image
    channel: Gray = image.min(axis=2) if is_dark else image.max(axis=2)
    return channel


def _even_lighting(image: NDArray[np.uint8], is_dark: bool) -> Gray:
    channel = _channel(image, is_dark)
    gray = channel if is_dark else 255 - channel  # so that ink is darker than paper
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
    ordered = np.sort(values, axis=None, kind="stable").tobytes()
    return [ordered[max(math.ceil(share * len(ordered)) - 1, 0)] for share in shares]


def edge_pixels(values: NDArray[_Integer]) -> NDArray[_Integer]:
    """The outermost pixels of (height, width), as one dimension."""
    return np.concatenate((values[0], values[-1], values[1:-1, 0], values[1:-1, -1]))


def _is_ink_dark(counts: Counts, level: int) -> bool:
    """Whether dark pixels differ more from the level of the edge, by squares, so that strokes outweigh shadows."""
    if level in (0, 255):  # nothing is darker than black, or lighter than white
        return level == 255 or not counts[1:].any()
    squares = (_LEVELS - level) ** 2
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
    return 255 - lowest(counts[::-1], ignored)


def lowest(counts: Counts, ignored: int) -> int:
    """The lowest level after ignoring the `ignored` lowest pixels; 256 if there are no others."""
    return int(counts.cumsum().searchsorted(ignored, side="right"))


def _threshold(counts: Counts, table: bytes) -> int:
    """Otsu's threshold, after `table` has replaced the levels, within bounds: the grain of much paper may outweigh a
    thin stroke."""
    replaced = np.bincount(np.frombuffer(table, dtype=np.uint8), weights=counts, minlength=256)
    return min(max(otsu(replaced) + 1, 70), 150)


def otsu(counts: Counts) -> int:
    """Otsu's threshold (1979): the highest level, 0-255, of the lower class."""
    below = counts.cumsum()
    weighted = (counts * _LEVELS).cumsum()
    above = below[-1] - below
    # An empty class has no mean; 0 does, because it is weighted with 0.
    means = weighted / np.maximum(below, _ONE), (weighted[-1] - weighted) / np.maximum(above, _ONE)
    between = below * above * (means[0] - means[1]) ** 2
    return int(between[:-1].argmax())
