"""What on an image is ink and what is paper, whichever of the two is the darker, however it is lit."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Gray = NDArray[np.uint8]  # (height, width)
Mask = NDArray[np.bool_]  # (height, width)

_Integer = TypeVar("_Integer", bound=np.integer)

# Paper whose edge varies by less is taken for evenly lit.
_EVEN = 12
# So many squares along the longer side say how paper is lit; a stroke is narrower than the reach, in squares.
_SQUARES = 16
_REACH = 5
_LEVELS = np.arange(256, dtype=np.float64)


class Ink(NamedTuple):
    """`strength` is 0 where there is paper and 255 where the ink is strongest. `contrast` is how far that is from its
    paper, 0-255. `threshold` tells strokes from stains: 0-255, of `strength`."""

    strength: Gray
    contrast: int
    threshold: int
    is_dark: bool
    is_evened: bool


def inks_of(image: Gray | NDArray[np.uint8], is_dark: bool | None = None) -> list[Ink]:
    """What may be the ink of a gray image (height, width), or a coloured one (height, width, 3): one answer where the
    paper is even or it is known whether the ink `is_dark`, else that for dark ink and that for light ink."""
    gray = luminance(image)
    darkest, level, lightest = quantiles(edge_of(gray), (0.05, 0.5, 0.95))
    if lightest - darkest <= _EVEN:
        is_dark = _is_ink_dark(gray, level) if is_dark is None else is_dark
        return [_ink(_plain(image, is_dark), is_dark, is_evened=False)]
    kinds = (True, False) if is_dark is None else (is_dark,)
    return [_ink(_evened(image, kind), kind, is_evened=True) for kind in kinds]


def _ink(raw: Gray, is_dark: bool, *, is_evened: bool) -> Ink:
    contrast = highest(raw, max(3, raw.size // 5000))
    strength = np.minimum(raw * np.float32(255 / max(contrast, 1)), 255).astype(np.uint8)
    return Ink(strength, contrast, _threshold(strength), is_dark, is_evened)


def _channel(image: NDArray[np.uint8], is_dark: bool) -> Gray:
    """A blue pen is faint in blue light and dark in red: the channel that shows it best counts. Dark is bright
    afterwards."""
    if image.ndim == 3:
        image = image.min(axis=2) if is_dark else image.max(axis=2)
    return image if is_dark else 255 - image


def _plain(image: NDArray[np.uint8], is_dark: bool) -> Gray:
    gray = _channel(image, is_dark)
    [level] = quantiles(edge_of(gray), (0.5,))
    return level - np.minimum(gray, level)


def _evened(image: NDArray[np.uint8], is_dark: bool) -> Gray:
    gray = _channel(image, is_dark)
    paper = _paper(gray)
    # Of dark ink a shadow takes its share, as of the paper. Light on dark adds to what lies under it.
    return _shares(gray, paper) if is_dark else paper - np.minimum(gray, paper)


def luminance(image: NDArray[np.uint8]) -> Gray:
    """Of a coloured image, by ITU-R 601-2, as Pillow has it; a gray one is returned."""
    return image if image.ndim == 2 else np.asarray(Image.fromarray(image).convert("L"))


def quantiles(values: NDArray[np.uint8], shares: Sequence[float]) -> list[int]:
    """Of bytes, by counting: twenty times as fast as sorting."""
    counts = np.bincount(values.ravel(), minlength=256).cumsum()
    return [int(level) for level in counts.searchsorted([share * counts[-1] for share in shares])]


def edge_of(values: NDArray[_Integer]) -> NDArray[_Integer]:
    """The outermost pixels of (height, width), in a row."""
    return np.concatenate((values[0], values[-1], values[1:-1, 0], values[1:-1, -1]))


def _is_ink_dark(gray: Gray, level: int) -> bool:
    """What differs most from the level of the edge is ink. Squares, so that strokes count and shadows do not."""
    energy = np.bincount(gray.ravel(), minlength=256) * (_LEVELS - level) ** 2
    return bool(energy[:level].sum() >= energy[level:].sum())


def _paper(gray: Gray) -> Gray:
    """How bright the paper is at each place: the brightest pixels of squares, closed (Serra 1982), smoothly joined."""
    height, width = gray.shape
    side = max(2, -(-max(height, width) // _SQUARES))
    rows, columns = -(-height // side), -(-width // side)
    padded = np.pad(gray, ((0, rows * side - height), (0, columns * side - width)), mode="edge")
    brightest = padded.reshape(rows, side, columns, side).max(axis=(1, 3))
    coarse = Image.fromarray(brightest)
    if min(rows, columns) >= _REACH:
        # What is narrower than the reach is written over by the paper around it; larger shadows stay where they are.
        coarse = coarse.filter(ImageFilter.MaxFilter(_REACH)).filter(ImageFilter.MinFilter(_REACH))
        coarse = coarse.filter(ImageFilter.BoxBlur(1))
    smooth = coarse.resize((columns * side, rows * side), Image.Resampling.BILINEAR)
    return np.asarray(smooth)[:height, :width]


def _shares(gray: Gray, paper: Gray) -> Gray:
    wide = gray.astype(np.float32)
    return (255 * np.clip(1 - wide / np.maximum(paper, 1), 0, 1)).astype(np.uint8)


def highest(values: NDArray[np.uint8], but: int) -> int:
    """The highest value but for so many pixels, which may be noise."""
    counts = np.bincount(values.ravel(), minlength=256)[::-1].cumsum()
    return 255 - int(counts.searchsorted(but, side="right"))


def _threshold(strength: Gray) -> int:
    """Within bounds: a thin stroke on much paper is outvoted by the paper's own grain."""
    return min(max(otsu(strength) + 1, 70), 150)


def otsu(gray: Gray) -> int:
    """The level, 0-255, up to which values belong to the lower of two classes: Otsu (1979)."""
    counts = np.bincount(gray.ravel(), minlength=256).astype(np.float64)
    below = counts.cumsum()
    weighed = (counts * _LEVELS).cumsum()
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (weighed / below - (weighed[-1] - weighed) / above) ** 2
    return int(np.argmax(np.nan_to_num(between[:-1])))
