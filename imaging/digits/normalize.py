"""Normalization of a digit to the form of MNIST: light on black, in a 20x20 box, the center of mass in the middle of
28x28 (LeCun et al., "Gradient-based learning applied to document recognition", 1998)."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.digits.box import Box, bounding_box
from imaging.digits.detector import is_one_digit
from imaging.digits.ink import Gray, histogram
from imaging.digits.localization import Finding, FoundDigit, find_digit
from imaging.digits.pixels import from_pillow, look_up, pad, to_pillow
from imaging.digits.rows import find_row
from imaging.digits.strokes import stroke_width, thicken, thin

SIDE = 28
_BOX_SIDE = 20
_MIDDLE = SIDE / 2
_ONES_AND_POSITIONS = np.stack([np.ones(SIDE), np.arange(SIDE)]).astype(np.float32)
# The digit is located in a small copy, and extracted from a finer copy of its surroundings.
_OVERVIEW_SIDE = 192
_DETAIL_SIDE = 144
_MARGIN = 0.2
# A row is read from one copy.
_ROW_SIDE = 640
# Ink below 40 of 255 is the grain of the paper.
_VALUES = np.arange(256)
_FULL = np.full((), 255, dtype=np.uint8)  # quicker than a Python number
_WITHOUT_GRAIN = np.clip((_VALUES - 40) * 255 // 215, 0, 255).astype(np.uint8).tobytes()
# Strokes are changed at this magnification. MNIST's are 1.7 to 3.9 pixels wide (5 % and 95 % of its test digits).
_MAGNIFICATION = 4
# A digit has at least this share of all sharp ink, strokes narrower than this share of its side (MNIST's boldest:
# 0.38), and touches at most so many sides of the image. MNIST has one digit of a thousand that is twice as wide as it
# is high.
_MIN_SHARE, _MAX_STROKE, _MAX_SIDES, _MAX_ASPECT = 0.85, 0.45, 2, 2
_THIN, _THICKENED, _THINNED, _THICK = 2.0, 2.5, 3.5, 4.0


class NormalizedDigit(NamedTuple):
    """`image` is uint8, (28, 28): ink 255 on paper 0. `steps` names in order what was done; it is empty if nothing was.
    `finding` is `not_a_digit` without ink, or if the digit found has only part of the ink, is cut off, or has no
    strokes; `doubtful` if the detector does not take it for one digit. `ignored_marks` counts what was left out of
    `image` although it may be a sign or a digit.
    """

    image: Gray
    steps: tuple[str, ...]
    finding: Finding = "digit"
    ignored_marks: int = 0


def normalize(source: NDArray[np.uint8]) -> NormalizedDigit:
    """Normalize an image of any size, uint8, (height, width) or (height, width, 3), to the form of MNIST.

    An image of that form is returned unchanged. An image without ink becomes black.
    """
    if _is_normal(source):
        return NormalizedDigit(source, (), _judge(source))
    overview = _shrink(source, _OVERVIEW_SIDE)
    found = find_digit(overview)
    if found is None:
        return NormalizedDigit(np.zeros((SIDE, SIDE), dtype=np.uint8), ("blank",), "not_a_digit")
    steps, finding, ignored_marks = found.steps, _finding(found), found.ignored_marks
    if overview is not source:
        surroundings = _surroundings(source, found.box, overview.shape)
        found = find_digit(_shrink(surroundings, _DETAIL_SIDE), found.is_dark) or found
    return _centered(found, steps, finding, ignored_marks)


def normalize_row(source: NDArray[np.uint8]) -> list[NormalizedDigit]:
    """Normalize the digits of a row in an image, from left to right; empty without digits, or with more than a row
    has."""
    return [_centered(found, found.steps) for found in find_row(_shrink(source, _ROW_SIDE))]


def _centered(
    found: FoundDigit, steps: tuple[str, ...], finding: Finding = "digit", ignored_marks: int = 0
) -> NormalizedDigit:
    """`steps`, `finding` and `ignored_marks` are those of the localization."""
    adjusted, stroke_steps = _adjust_strokes(_extract(found))
    image = _center(adjusted)
    finding = _judge(image) if finding == "digit" else finding
    return NormalizedDigit(image, (*steps, "cropped", *stroke_steps, "centered"), finding, ignored_marks)


def fill_height(image: Gray) -> Gray:
    """Stretch a digit of `normalize` to the form of optdigits: uint8, (28, 28), filling the height, centered."""
    mask = image >= 64
    if not mask.any():
        return image
    box = bounding_box(mask)
    width = min(max(round(SIDE * box.width / box.height), 1), SIDE)
    tall = from_pillow(to_pillow(image[box.slices]).resize((width, SIDE), Image.Resampling.BICUBIC))
    left = (SIDE - width) // 2
    out = np.zeros_like(image)
    out[:, left : left + width] = tall
    return out


def _is_normal(source: NDArray[np.uint8]) -> bool:
    """Light on black, in a box of 20, and the center of mass in one of the four middle pixels."""
    if source.shape != (SIDE, SIDE) or source.max() < 250 or np.count_nonzero(source) > 0.6 * source.size:
        return False
    if max(_extent(source.tobytes()), _extent(source.T.tobytes())) not in (_BOX_SIDE - 1, _BOX_SIDE):
        return False
    return max(abs(_MIDDLE - each) for each in _center_of_mass(source)) <= 0.55


def _extent(lines: bytes) -> int:
    """The distance from the first to the last of the lines of SIDE pixels that is not empty, inclusive."""
    first = (len(lines) - len(lines.lstrip(b"\0"))) // SIDE
    return (len(lines.rstrip(b"\0")) - 1) // SIDE - first + 1


def _judge(image: Gray) -> Finding:
    return "digit" if is_one_digit(image) else "doubtful"


def _finding(found: FoundDigit) -> Finding:
    if found.is_several:
        return "several_digits"
    height, width = found.mask.shape
    top, bottom, left, right = found.box
    is_digit = (
        found.share >= _MIN_SHARE
        and stroke_width(found.mask[found.box.slices]) < _MAX_STROKE * found.box.side
        and (top == 0) + (bottom == height) + (left == 0) + (right == width) <= _MAX_SIDES
        and found.box.width <= _MAX_ASPECT * found.box.height
    )
    if not is_digit:
        return "not_a_digit"
    return "doubtful" if found.has_small_digit else "digit"


def _shrink(source: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Shrink by area means to `side` pixels at most; a smaller image is returned as it is."""
    scale = side / max(source.shape[:2])
    if scale >= 1:
        return source
    height, width = (max(1, round(length * scale)) for length in source.shape[:2])
    return np.asarray(Image.fromarray(source).resize((width, height), Image.Resampling.BOX, reducing_gap=2.0))


def _surroundings(source: NDArray[np.uint8], box: Box, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The part of `source` in and around `box`, which is in the pixels of a copy of `shape`."""
    margin = _MARGIN * box.side + 2
    down, across = source.shape[0] / shape[0], source.shape[1] / shape[1]
    top, bottom = max(0, int((box.top - margin) * down)), int((box.bottom + margin) * down) + 1
    left, right = max(0, int((box.left - margin) * across)), int((box.right + margin) * across) + 1
    return source[top:bottom, left:right]


def _extract(found: FoundDigit) -> Gray:
    """The digit on black, magnified for the adjustment of its strokes."""
    # The edges of strokes are gray: include one pixel around the mask.
    surroundings = pad(found.strength, 1)[found.box.top : found.box.bottom + 2, found.box.left : found.box.right + 2]
    return _resize(look_up(surroundings, _WITHOUT_GRAIN), _BOX_SIDE * _MAGNIFICATION / found.box.side)


def _resize(image: Gray, scale: float) -> Gray:
    height, width = (max(1, round(length * scale)) for length in image.shape)
    resampling = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    resized = from_pillow(to_pillow(image).resize((width, height), resampling))
    # Thin strokes fade when shrunk: stretch the values so that the brighter pixels are full ink again.
    level = _ink_level(resized)
    return resized if level == 255 else look_up(resized, _stretch(level))


def _ink_level(image: Gray) -> int:
    """The level, 1-255, that 0.9 of the pixels that are not 0 do not exceed."""
    total = below = np.count_nonzero(image)
    if total - np.count_nonzero(image == _FULL) < 0.9 * total:  # hard strokes: no level needs to be counted
        return 255
    counts = histogram(image).tolist()
    level = 255
    while level > 1 and below - counts[level] >= 0.9 * total:
        below -= counts[level]
        level -= 1
    return level


@cache
def _stretch(level: int) -> bytes:
    """A table that stretches 0-`level` to 0-255."""
    return np.minimum(_VALUES * 255 // level, 255).astype(np.uint8).tobytes()


def _adjust_strokes(image: Gray) -> tuple[Gray, tuple[str, ...]]:
    """Bring strokes that are thinner or thicker than MNIST's to its width."""
    width = stroke_width(image >= 128) / _MAGNIFICATION
    if width < _THIN:
        return thicken(image, round((_THICKENED - width) / 2 * _MAGNIFICATION)), ("thickened",)
    if width > _THICK:
        return thin(image, round((width - _THINNED) / 2 * _MAGNIFICATION)), ("thinned",)
    return image, ()


def _center_of_mass(image: Gray) -> tuple[float, float]:
    """The center of mass, (row, column), in pixels, of an image of at most SIDE pixels, which is not black."""
    # Matrix products are the fastest sums here, and exact in float32: all sums are far below 2 ** 24.
    height, width = image.shape
    moments = _ONES_AND_POSITIONS[:, :height] @ image.astype(np.float32) @ _ONES_AND_POSITIONS.T[:width]
    (total, column), (row, _) = moments.tolist()
    return row / total, column / total


def _center(image: Gray) -> Gray:
    """Fit the digit into the 20x20 box, and its center of mass into the middle of 28x28."""
    if not (mask := image >= 64).any():
        return np.zeros((SIDE, SIDE), dtype=np.uint8)
    box = bounding_box(mask)
    small = _resize(image[box.slices], _BOX_SIDE / box.side)
    height, width = small.shape
    row, column = _center_of_mass(small)
    top = min(max(round(_MIDDLE - row), 0), SIDE - height)
    left = min(max(round(_MIDDLE - column), 0), SIDE - width)
    out = np.zeros((SIDE, SIDE), dtype=np.uint8)
    out[top : top + height, left : left + width] = small
    return out
