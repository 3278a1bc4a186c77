"""Localization of the digits of a row: a house number, the field of a form."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from imaging.digits.box import Box, bounding_box
from imaging.digits.connected_components import Components
from imaging.digits.ink import Gray, Mask
from imaging.digits.localization import FoundDigit, find_lines, largest_mark
from imaging.digits.separation import separate_ink
from imaging.digits.strokes import stroke_width

# A row has at most so many digits; more are a page.
_MAX_DIGITS = 32
# A digit of a row is at least this high, relative to the largest mark, and its middle is at most this far above or
# below that of the mark.
_MIN_HEIGHT, _MAX_SHIFT = 0.4, 0.6
# A part of a digit has at least this share of the area of the digit, and shares this much of its columns.
_MIN_PART, _MIN_OVERLAP = 0.03, 0.5
# Strokes are narrower than this share of the digit's side.
_MAX_STROKE = 0.45
# A mark that is wider than this, relative to its height, is digits that touch each other, each about this wide.
_MAX_WIDTH, _TYPICAL_WIDTH = 1.3, 0.75
# They are cut where there is least ink, at most this far, in widths of a digit, from equal parts.
_CUT_RANGE = 0.3


def find_row(image: NDArray[np.uint8]) -> list[FoundDigit]:
    """The digits of a row in an image, uint8, (height, width) or (height, width, 3), from left to right; empty without
    digits, or if there are more than a row has."""
    separated = separate_ink(image)
    if separated is None or not separated.are_sharp.any():
        return []
    ink, components, are_sharp, _ = separated
    masks = [mask for whole in _digit_masks(components, _groups(components, are_sharp)) for mask in _cut(whole)]
    if len(masks) > _MAX_DIGITS:
        return []
    steps = (("inverted",) if ink.is_dark else ()) + (("evened",) if ink.is_evened else ())
    return [_found(ink.strength, mask, components.labels > 0, ink.is_dark, steps) for mask in masks]


def _groups(components: Components, are_sharp: NDArray[np.bool_]) -> list[list[int]]:
    """The numbers of the components of what may be a digit, or digits that touch each other, from left to right;
    empty if there are more than a row has."""
    lines = find_lines(components, are_sharp, Box(0, _largest_height(components, are_sharp), 0, 0))
    marks = are_sharp & ~lines if (are_sharp & ~lines).any() else are_sharp
    reference = components.box(largest_mark(components, marks))
    middles = (components.tops + components.bottoms) / 2
    heights = components.bottoms - components.tops
    in_row = np.abs(middles - (reference.top + reference.bottom) / 2) <= _MAX_SHIFT * reference.height
    are_digits = marks & in_row & (heights >= _MIN_HEIGHT * reference.height)
    groups: list[list[int]] = []
    for number in sorted(are_digits.nonzero()[0].tolist(), key=components.lefts.__getitem__):
        if not groups or _overlap(components, groups[-1][-1], number) < _MIN_OVERLAP:
            groups.append([])
        groups[-1].append(number)
    if len(groups) > _MAX_DIGITS:
        return []
    for number in (marks & in_row & ~are_digits).nonzero()[0].tolist():
        for group in groups:
            is_part = components.areas[number] >= _MIN_PART * components.areas[group[0]]
            if is_part and _overlap(components, group[0], number) >= _MIN_OVERLAP:
                group.append(number)
                break
    return groups


def _digit_masks(components: Components, groups: list[list[int]]) -> Iterator[Mask]:
    """The masks of those groups that have strokes."""
    for group in groups:
        mask = np.isin(components.labels, group)
        box = bounding_box(mask)
        if stroke_width(mask[box.slices]) < _MAX_STROKE * box.side:
            yield mask


def _largest_height(components: Components, are_sharp: NDArray[np.bool_]) -> int:
    return int((components.bottoms - components.tops)[are_sharp].max())


def _overlap(components: Components, one: int, other: int) -> float:
    """The columns that two components share, relative to the narrower one."""
    first, second = components.box(one), components.box(other)
    return (min(first.right, second.right) - max(first.left, second.left)) / max(min(first.width, second.width), 1)


def _cut(mask: Mask) -> Iterator[Mask]:
    """Cut digits that touch each other."""
    box = bounding_box(mask)
    if box.width <= _MAX_WIDTH * box.height:
        yield mask
        return
    count = max(2, round(box.width / (_TYPICAL_WIDTH * box.height)))
    ink = mask[box.slices].sum(axis=0)
    width = box.width / count
    cuts = [0]
    for place in range(1, count):
        start, end = (int(width * (place + side * _CUT_RANGE)) for side in (-1, 1))
        cuts.append(start + int(ink[start : end + 1].argmin()))
    for left, right in zip(cuts, [*cuts[1:], box.width], strict=True):
        part = np.zeros_like(mask)
        part[:, box.left + left : box.left + right] = mask[:, box.left + left : box.left + right]
        if part.any():
            yield part


def _found(strength: Gray, mask: Mask, marked: Mask, is_dark: bool, steps: tuple[str, ...]) -> FoundDigit:
    own = np.where(marked & ~mask, 0, strength).astype(np.uint8)
    return FoundDigit(own, mask, bounding_box(mask), is_dark, steps, 1.0, 0, False)
