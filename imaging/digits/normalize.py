"""A digit as MNIST has it: light on black, in a 20x20 box, its centre of mass in the middle of 28x28 (LeCun et al.,
"Gradient-based learning applied to document recognition", 1998)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.digits.box import Box, box_of
from imaging.digits.ink import Gray, quantiles
from imaging.digits.localization import Found, find
from imaging.digits.pixels import from_pillow, padded, to_pillow
from imaging.digits.strokes import stroke_width, thickened, thinned

SIDE = 28
_BOX_SIDE = 20
_MIDDLE = SIDE / 2
_ONES_AND_PLACES = np.stack([np.ones(SIDE), np.arange(SIDE)]).astype(np.float32)
# Where the digit lies is seen in a small copy, what it looks like in a finer one of its surroundings.
_LOOK_SIDE = 192
_FINE_SIDE = 144
_MARGIN = 0.2
# Ink fainter than 40 of 255 is the paper's grain.
_VALUES = np.arange(256)
_WITHOUT_GRAIN = np.clip((_VALUES - 40) * 255 // 215, 0, 255).astype(np.uint8)
# Strokes change in a copy so many times larger. MNIST's are 1.7 to 3.9 pixels wide (5 % and 95 % of its test digits).
_FINER = 4
# What may be a digit has so much of all sharp ink, strokes narrower than this share of it (MNIST's boldest: 0.38), and
# is not cut off at more sides of the image.
_MIN_SHARE, _BROADEST, _MAX_SIDES = 0.85, 0.45, 2
_THIN, _THICKENED, _THINNED, _THICK = 2.0, 2.5, 3.5, 4.0


class NormalizedDigit(NamedTuple):
    """`image` is (28, 28), uint8: ink 255 on paper 0. `steps` says what was done, in order; none: nothing.
    `may_be_digit` is False where there is no ink, or what was taken for the digit is only a part of it, or no stroke.
    """

    image: Gray
    steps: tuple[str, ...]
    may_be_digit: bool = True


def normalize(source: NDArray[np.uint8]) -> NormalizedDigit:
    """Bring an image, uint8, (height, width) or (height, width, 3), of any size, into MNIST's form.

    One that has it already is not changed. Of an image without ink a black one is made.
    """
    if _is_normal(source):
        return NormalizedDigit(source, ())
    look = _shrunk(source, _LOOK_SIDE)
    found = find(look)
    if found is None:
        return NormalizedDigit(np.zeros((SIDE, SIDE), dtype=np.uint8), ("blank",), may_be_digit=False)
    steps, may_be_digit = found.steps, _may_be_digit(found)
    if look is not source:
        surroundings = _surroundings(source, found.box, look.shape)
        found = find(_shrunk(surroundings, _FINE_SIDE), found.is_dark) or found
    image, stroke_steps = _stroked(_cut(found))
    return NormalizedDigit(_centred(image), (*steps, "cropped", *stroke_steps, "centered"), may_be_digit)


def fill_height(image: Gray) -> Gray:
    """A digit of `normalized` as optdigits has it, (28, 28): over all of the height, in the middle of the width."""
    mask = image >= 64
    if not mask.any():
        return image
    box = box_of(mask)
    width = min(max(round(SIDE * box.width / box.height), 1), SIDE)
    tall = from_pillow(to_pillow(image[box.slices]).resize((width, SIDE), Image.Resampling.BICUBIC))
    left = (SIDE - width) // 2
    out = np.zeros_like(image)
    out[:, left : left + width] = tall
    return out


def _is_normal(source: NDArray[np.uint8]) -> bool:
    """Light on black, in a box of 20, and its centre of mass in the middle, which is one of four pixels."""
    if source.shape != (SIDE, SIDE) or source.max() < 250 or np.count_nonzero(source) > 0.6 * source.size:
        return False
    # Products with a few vectors are the quickest sums of so few numbers, and exact: none comes near 2 ** 24.
    values = source.astype(np.float32)
    by_column = _ONES_AND_PLACES @ values
    (total, column), (row, _) = (by_column @ _ONES_AND_PLACES.T).tolist()
    side = max(_extent(by_column[0]), _extent(values @ _ONES_AND_PLACES[0]))
    return side in (_BOX_SIDE - 1, _BOX_SIDE) and all(abs(_MIDDLE - each / total) <= 0.55 for each in (row, column))


def _extent(sums: NDArray[np.float32]) -> int:
    """From the first to the last that is not 0."""
    [places] = sums.nonzero()
    return int(places[-1] - places[0]) + 1


def _may_be_digit(found: Found) -> bool:
    height, width = found.mask.shape
    top, bottom, left, right = found.box
    return (
        found.share >= _MIN_SHARE
        and stroke_width(found.mask[found.box.slices]) < _BROADEST * found.box.side
        and (top == 0) + (bottom == height) + (left == 0) + (right == width) <= _MAX_SIDES
    )


def _shrunk(source: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """By area means; a smaller one is returned as it is."""
    scale = side / max(source.shape[:2])
    if scale >= 1:
        return source
    height, width = (max(1, round(length * scale)) for length in source.shape[:2])
    return np.asarray(Image.fromarray(source).resize((width, height), Image.Resampling.BOX, reducing_gap=2.0))


def _surroundings(source: NDArray[np.uint8], box: Box, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """What of `image` a box, and what is around it, shows in a copy of `shape`."""
    margin = _MARGIN * box.side + 2
    down, across = source.shape[0] / shape[0], source.shape[1] / shape[1]
    top, bottom = max(0, int((box.top - margin) * down)), int((box.bottom + margin) * down) + 1
    left, right = max(0, int((box.left - margin) * across)), int((box.right + margin) * across) + 1
    return source[top:bottom, left:right]


def _cut(found: Found) -> Gray:
    """The digit alone on black, in the size in which its strokes are changed."""
    # The edges of strokes are gray: a pixel around the mask is theirs.
    around = padded(found.strength, 1)[found.box.top : found.box.bottom + 2, found.box.left : found.box.right + 2]
    return _resized(_WITHOUT_GRAIN[around], _BOX_SIDE * _FINER / found.box.side)


def _resized(image: Gray, scale: float) -> Gray:
    height, width = (max(1, round(length * scale)) for length in image.shape)
    kind = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    resized = from_pillow(to_pillow(image).resize((width, height), kind))
    # Thin strokes fade when they become smaller: their brighter pixels are ink again.
    ink = resized[resized > 0]
    peak = max(quantiles(ink, (0.9,))[0], 1) if len(ink) else 1
    return resized if peak == 255 else np.minimum(_VALUES * 255 // peak, 255).astype(np.uint8)[resized]


def _stroked(image: Gray) -> tuple[Gray, tuple[str, ...]]:
    """Bring strokes that are thinner or thicker than MNIST's to its width."""
    width = stroke_width(image >= 128) / _FINER
    if width < _THIN:
        return thickened(image, round((_THICKENED - width) / 2 * _FINER)), ("thickened",)
    if width > _THICK:
        return thinned(image, round((width - _THINNED) / 2 * _FINER)), ("thinned",)
    return image, ()


def _centre(image: Gray) -> tuple[float, float]:
    """The centre of mass: row and column."""
    rows, columns = image.sum(axis=1, dtype=np.int64), image.sum(axis=0, dtype=np.int64)
    total = max(int(rows.sum()), 1)
    return float(rows @ np.arange(len(rows)) / total), float(columns @ np.arange(len(columns)) / total)


def _centred(image: Gray) -> Gray:
    if not (mask := image >= 64).any():
        return np.zeros((SIDE, SIDE), dtype=np.uint8)
    box = box_of(mask)
    small = _resized(image[box.slices], _BOX_SIDE / box.side)
    height, width = small.shape
    row, column = _centre(small)
    top = min(max(round(_MIDDLE - row), 0), SIDE - height)
    left = min(max(round(_MIDDLE - column), 0), SIDE - width)
    out = np.zeros((SIDE, SIDE), dtype=np.uint8)
    out[top : top + height, left : left + width] = small
    return out
