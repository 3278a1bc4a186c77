"""Localization of the digit: which connected components of the ink belong to it."""

from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imaging.digits.box import Box, bounding_box
from imaging.digits.connected_components import Components
from imaging.digits.ink import Gray, Mask, edge_pixels
from imaging.digits.separation import separate_ink
from imaging.digits.sheet import Sheet, find_sheet, isolate
from imaging.digits.strokes import stroke_width

# Further components of the digit, such as the bar of a 5, have at least this share of the area of the largest one, and
# a gap of at most this share of its side.
_MIN_AREA, _MAX_GAP = 0.03, 0.35
# A frame, or the table around a sheet, lies along the edge of the image for this share of its side.
_FRAME_CONTACT = 0.7
# Strokes are narrower than this share of the digit's side.
_MAX_STROKE = 0.32
# A mark beside the digit matters if its side is at least this share of the digit's: a sign, or another digit. It is
# another digit if it is at least this high, and all digits together are this share of the ink.
_MIN_MARK, _MIN_DIGIT, _MIN_DIGITS_SHARE = 0.2, 0.5, 0.8
# A few marks are signs; more are clutter.
_MAX_MARKS = 3
# A digit is at least this high in a frame.
_MIN_FRAMED = 0.25
# A line is at most this share of its length wide. It covers at least this share of its row or column.
_MAX_LINE, _MIN_STRAIGHT = 0.08, 0.6
# Two components are two digits if their columns overlap by at most this share of the narrower one.
_MAX_OVERLAP = 0.2
# A bar of a 5 is wider; a digit that stands is not.
_MAX_DIGIT_ASPECT = 1.5

# What an image shows: one digit, which may be read; what may be one; several digits; none.
Finding = Literal["digit", "doubtful", "several_digits", "not_a_digit"]


class FoundDigit(NamedTuple):
    """A digit in an image. `strength`, uint8, (height, width), is its ink, including ink that is too faint for `mask`,
    bool, (height, width). `share` is its share of all sharp ink but lines and a few marks: 1 for a digit on clean
    paper, low for other images.
    `ignored_marks` counts the marks inside the image that are large enough to be signs or digits but were left out.
    `is_several` is True if they, or the parts of `mask`, are digits of their own, `has_small_digit` if a part of `mask`
    may be a small one beside the digit."""

    strength: Gray
    mask: Mask
    box: Box
    is_dark: bool
    steps: tuple[str, ...]
    share: float
    ignored_marks: int
    is_several: bool
    has_small_digit: bool = False


def find_digit(image: NDArray[np.uint8], is_dark: bool | None = None) -> FoundDigit | None:
    """Find the digit in an image, uint8, (height, width) or (height, width, 3); None without ink.

    `is_dark` is given if it is known whether the ink is dark.
    """
    sheet = find_sheet(image)
    if sheet is not None:
        found = _find_on_paper(isolate(image, sheet), is_dark)
        if found is not None and _has_strokes(found):
            return _uncrop(found, sheet)
    return _find_on_paper(image, is_dark)


def _find_on_paper(image: NDArray[np.uint8], is_dark: bool | None) -> FoundDigit | None:
    separated = separate_ink(image, is_dark)
    if separated is None:
        return None
    ink, components, are_sharp, _ = separated
    if not are_sharp.any():
        return None
    done = {"inverted": ink.is_dark, "evened": ink.is_evened}
    steps = tuple(name for name, is_done in done.items() if is_done)
    if len(components.areas) == 2:  # one mark and nothing else
        mask, box = components.labels > 0, components.box(1)
        return FoundDigit(ink.strength, mask, box, ink.is_dark, steps, 1.0, 0, is_several=False)
    kept = _select(components, are_sharp)
    mask = kept[components.labels]
    others = (components.labels > 0) & ~mask
    strength = np.where(others, 0, ink.strength).astype(np.uint8)
    steps = (*steps, *(("cleaned",) if others.any() else ()))
    box = bounding_box(mask)
    if np.count_nonzero(are_sharp) == 1:
        return FoundDigit(strength, mask, box, ink.is_dark, steps, 1.0, 0, is_several=False)
    ink_on_paper = are_sharp & ~find_lines(components, are_sharp & ~kept, box)
    marks = _marks(components, ink_on_paper & ~kept, box)
    is_several = _are_digits(components, ink_on_paper, kept, marks, box)
    if len(marks) <= _MAX_MARKS:
        ink_on_paper[marks] = False
    share = float(components.areas[kept].sum() / components.areas[ink_on_paper].sum())
    has_small = _has_small_digit(components, kept, box)
    return FoundDigit(strength, mask, box, ink.is_dark, steps, share, len(marks), is_several, has_small)


def _select(components: Components, are_sharp: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Select the components of the digit, bool, (components,): the largest sharp one that is not a frame, and those
    near it that are not specks."""
    sides = np.maximum(components.bottoms - components.tops, components.rights - components.lefts)
    contact = np.bincount(edge_pixels(components.labels), minlength=len(components.areas))
    candidates: NDArray[np.bool_] = are_sharp & (contact < _FRAME_CONTACT * sides)
    if not candidates.any():
        candidates = are_sharp
    if not candidates.any():
        return candidates
    main = largest_mark(components, candidates)
    gaps = np.maximum(
        np.maximum(components.tops - components.bottoms[main], components.tops[main] - components.bottoms),
        np.maximum(components.lefts - components.rights[main], components.lefts[main] - components.rights),
    )
    near = gaps <= _MAX_GAP * sides[main]
    # Components that touch the edge come from outside, unless the digit itself is cut off there.
    inside = (contact == 0) | (contact[main] > 0)
    is_large = components.areas >= _MIN_AREA * components.areas[main]
    kept: NDArray[np.bool_] = candidates & near & inside & is_large
    kept[main] = True
    return kept


def largest_mark(components: Components, candidates: NDArray[np.bool_]) -> int:
    """The largest of `candidates`, or the largest in it if it is a frame."""
    main = int(np.where(candidates, components.areas, 0).argmax())
    if np.count_nonzero(candidates) == 1:
        return main
    box = components.box(main)
    inside = candidates & (components.tops > box.top) & (components.bottoms < box.bottom)
    inside &= (components.lefts > box.left) & (components.rights < box.right)
    inside &= components.bottoms - components.tops >= _MIN_FRAMED * box.side
    if inside.any() and _is_straight((components.labels == main)[box.slices]):
        return largest_mark(components, inside)
    return main


def find_lines(components: Components, ignored: NDArray[np.bool_], digit: Box) -> NDArray[np.bool_]:
    """Which of the `ignored` components are lines, grids or thin frames around the digit, bool, (components,)."""
    sides = np.maximum(components.bottoms - components.tops, components.rights - components.lefts)
    are_lines = np.zeros_like(ignored)
    for number in (ignored & (sides >= digit.side)).nonzero()[0].tolist():
        box = components.box(number)
        own = (components.labels == number)[box.slices]
        if min(own.shape) <= _MAX_LINE * box.side:
            are_lines[number] = True
        elif stroke_width(own) <= _MAX_LINE * box.side:
            surrounds = box.top < digit.top and box.bottom > digit.bottom
            surrounds &= box.left < digit.left and box.right > digit.right
            are_lines[number] = surrounds or _is_straight(own)
    return are_lines


def _is_straight(mask: Mask) -> bool:
    """Whether `mask` consists of rows and columns."""
    straight = (mask.mean(axis=1) >= _MIN_STRAIGHT)[:, None] | (mask.mean(axis=0) >= _MIN_STRAIGHT)
    return bool(np.count_nonzero(mask & straight) >= _MIN_STRAIGHT * np.count_nonzero(mask))


def _marks(components: Components, ignored: NDArray[np.bool_], digit: Box) -> list[int]:
    """The numbers of those `ignored` components that matter: neither specks, nor what comes from the edge of the
    image."""
    height, width = components.labels.shape
    tops, bottoms, lefts, rights = components.tops, components.bottoms, components.lefts, components.rights
    are_inside = (tops > 0) & (bottoms < height) & (lefts > 0) & (rights < width)
    are_large = np.maximum(bottoms - tops, rights - lefts) >= _MIN_MARK * digit.side
    numbers: list[int] = (ignored & are_inside & are_large).nonzero()[0].tolist()
    return numbers


def _are_digits(
    components: Components, are_sharp: NDArray[np.bool_], kept: NDArray[np.bool_], marks: list[int], digit: Box
) -> bool:
    """Whether there are other digits: `marks` as high as the digit, or components of the digit side by side."""
    heights = components.bottoms - components.tops
    others = [each for each in marks if heights[each] >= _MIN_DIGIT * digit.height]
    if others:
        digits = kept.copy()
        digits[others] = True
        share = components.areas[digits].sum() / components.areas[are_sharp].sum()
        return bool(share >= _MIN_DIGITS_SHARE) and all(_is_stroke(components, each) for each in others)
    tall = [int(each) for each in kept.nonzero()[0] if heights[each] >= _MIN_DIGIT * digit.height]
    tall.sort(key=components.lefts.__getitem__)
    return any(_are_side_by_side(components.box(one), components.box(other)) for one, other in pairwise(tall))


def _has_small_digit(components: Components, kept: NDArray[np.bool_], digit: Box) -> bool:
    """Whether a part of the digit stands beside its largest one, as the bar of a 5 does not."""
    parts = [int(each) for each in kept.nonzero()[0]]
    if len(parts) < 2:
        return False
    main = max(parts, key=components.areas.__getitem__)
    boxes = [components.box(each) for each in parts if each != main]
    return any(
        box.side >= _MIN_MARK * digit.side
        and box.width <= _MAX_DIGIT_ASPECT * box.height
        and _are_side_by_side(box, components.box(main))
        for box in boxes
    )


def _is_stroke(components: Components, number: int) -> bool:
    box = components.box(number)
    return stroke_width((components.labels == number)[box.slices]) < _MAX_STROKE * box.side


def _are_side_by_side(one: Box, other: Box) -> bool:
    overlap = min(one.right, other.right) - max(one.left, other.left)
    return overlap <= _MAX_OVERLAP * min(one.width, other.width)


def _has_strokes(found: FoundDigit) -> bool:
    """Whether it consists of strokes, unlike the hole of a 0."""
    return stroke_width(found.mask[found.box.slices]) < _MAX_STROKE * found.box.side


def _uncrop(found: FoundDigit, sheet: Sheet) -> FoundDigit:
    """Convert from the coordinates of the sheet to those of the whole image."""
    top, left = sheet.box.top, sheet.box.left
    box = Box(found.box.top + top, found.box.bottom + top, found.box.left + left, found.box.right + left)
    strength, mask = np.zeros(sheet.mask.shape, dtype=np.uint8), np.zeros_like(sheet.mask)
    strength[sheet.box.slices], mask[sheet.box.slices] = found.strength, found.mask
    return found._replace(strength=strength, mask=mask, box=box, steps=(*found.steps, "sheet"))
