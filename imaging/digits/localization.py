"""Which of the marks on an image are the digit."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imaging.digits.box import Box, box_of, row_hull
from imaging.digits.connected_components import Marks, marks_of
from imaging.digits.ink import Gray, Ink, Mask, edge_of, highest, inks_of, luminance, otsu
from imaging.digits.strokes import stroke_width

# Fainter than this, of 255, and it is the paper's own grain.
_MIN_CONTRAST = 20
# A shadow's edge is so many times as soft as a stroke's.
_SOFTER = 0.4
_STEEP_PIXELS = 12
# Other marks of the digit, as the bar of a 5, are no smaller and no further away than these shares of the largest.
_MIN_AREA, _LARGEST_GAP = 0.03, 0.35
# A frame, or the table around a sheet, lies along the image's edge for so much of its own length.
_FRAME_CONTACT = 0.7
# A sheet of paper on a table takes so much of the image's sides, has such corners, and no notches.
_SHEET_SIDE, _CORNERED, _SOLID = 0.45, 0.78, 0.93
_SHEET_PIXELS = 64
_SHEET_CONTACT = 0.35
# Strokes are narrower than this share of what they make up, sheets broader. 95 % of MNIST's test digits are below 0.21.
_BROAD = 0.2
_STROKE_SHARE = 0.32


class Found(NamedTuple):
    """A digit in an image. `strength` is its ink and what of it is too faint for `mask`, and nothing else's. `share`
    is how much of all sharp ink that is: 1 for a digit on clean paper, little for an image of something else."""

    strength: Gray
    mask: Mask
    box: Box
    is_dark: bool
    steps: tuple[str, ...]
    share: float


def find(image: NDArray[np.uint8], is_dark: bool | None = None) -> Found | None:
    """The digit of an image, uint8, (height, width) or (height, width, 3); None if there is no ink on it. `is_dark`
    says what is known of the ink."""
    sheet = _sheet_in(image)
    if sheet is not None:
        found = _largest(_alone(image, sheet), is_dark)
        if found is not None and _is_written(found):
            return _back_in(found, sheet)
    return _largest(image, is_dark)


class _Marked(NamedTuple):
    """`are_sharp` says of each mark whether it is ink, and not a shadow. `sharpness` is that of their outline, 0-1: how
    steep the image is there, of its steepest places."""

    ink: Ink
    marks: Marks
    are_sharp: NDArray[np.bool_]
    sharpness: float

    @property
    def doubt(self) -> float:
        """Grows with the pixels of ink. Taken the wrong way round the paper around the ink is ink, and fades."""
        cover = int(self.marks.areas[self.are_sharp].sum()) or self.ink.strength.size
        return cover / max(self.sharpness, 1e-3)


def _largest(image: NDArray[np.uint8], is_dark: bool | None) -> Found | None:
    inks = [ink for ink in inks_of(image, is_dark) if ink.contrast >= _MIN_CONTRAST]
    if not inks:
        return None
    steps = _steps(luminance(image)) if inks[0].is_evened else None
    ink, marks, are_sharp, _ = min((_marked(ink, steps) for ink in inks), key=lambda each: each.doubt)
    kept = _kept(marks, are_sharp)
    if not kept.any():
        return None
    mask = kept[marks.labels]
    others = (marks.labels > 0) & ~mask
    strength = np.where(others, 0, ink.strength).astype(np.uint8)
    said = {"inverted": ink.is_dark, "evened": ink.is_evened, "cleaned": bool(others.any())}
    share = float(marks.areas[kept].sum() / marks.areas[are_sharp].sum())
    return Found(strength, mask, box_of(mask), ink.is_dark, tuple(name for name, done in said.items() if done), share)


def _marked(ink: Ink, steps: Gray | None) -> _Marked:
    marks = marks_of(ink.strength >= ink.threshold)
    is_ink = marks.areas > 0
    is_ink[0] = False
    if steps is None:
        return _Marked(ink, marks, is_ink, 1.0)
    steepest = np.zeros(len(marks.areas), dtype=np.uint8)
    np.maximum.at(steepest, marks.labels.ravel(), steps.ravel())
    steep = max(highest(steps, _STEEP_PIXELS), 1)
    are_sharp = is_ink & (steepest >= _SOFTER * steep)
    outline = steps[_outline(are_sharp[marks.labels])]
    sharpness = float(np.minimum(outline / steep, 1).mean()) if len(outline) else 0.0
    return _Marked(ink, marks, are_sharp, sharpness)


def _steps(gray: Gray) -> Gray:
    """How much each pixel differs from the one above and the one on its left."""
    wide = gray.astype(np.int16)
    steps = np.zeros_like(wide)
    np.maximum(steps[1:], np.abs(np.diff(wide, axis=0)), out=steps[1:])
    np.maximum(steps[:, 1:], np.abs(np.diff(wide, axis=1)), out=steps[:, 1:])
    return steps.astype(np.uint8)


def _outline(mask: Mask) -> Mask:
    """Where a pixel is not as the one above or the one on its left; what ends at the image's edge has none there."""
    outline = np.zeros_like(mask)
    outline[1:] |= mask[1:] != mask[:-1]
    outline[:, 1:] |= mask[:, 1:] != mask[:, :-1]
    return outline


def _kept(marks: Marks, are_sharp: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of each mark, whether it is of the digit: the largest one that is sharp and no frame, and what lies near it and
    is no speck."""
    sides = np.maximum(marks.bottoms - marks.tops, marks.rights - marks.lefts)
    contact = np.bincount(edge_of(marks.labels), minlength=len(marks.areas))
    candidates: NDArray[np.bool_] = are_sharp & (contact < _FRAME_CONTACT * sides)
    if not candidates.any():
        candidates = are_sharp
    if not candidates.any():
        return candidates
    main = int(np.where(candidates, marks.areas, 0).argmax())
    gaps = np.maximum(
        np.maximum(marks.tops - marks.bottoms[main], marks.tops[main] - marks.bottoms),
        np.maximum(marks.lefts - marks.rights[main], marks.lefts[main] - marks.rights),
    )
    near = gaps <= _LARGEST_GAP * sides[main]
    # What touches the edge comes from outside, unless the digit itself is cut off there.
    inside = (contact == 0) | (contact[main] > 0)
    kept: NDArray[np.bool_] = candidates & near & inside & (marks.areas >= _MIN_AREA * marks.areas[main])
    kept[main] = True
    return kept


# -- sheets ------------------------------------------------------------------------------------------------------------


class _Sheet(NamedTuple):
    """Paper on a table, or a board on a wall. `mask` is of the whole image; what is written are holes in it."""

    mask: Mask
    box: Box


def _sheet_in(image: NDArray[np.uint8]) -> _Sheet | None:
    """The largest light or dark mark, if it is large, broader than strokes, has a rectangle's corners and no notches,
    and does not end where the image does."""
    gray = luminance(image)
    if min(gray.shape) < _SHEET_PIXELS:
        return None
    light = gray > otsu(gray)
    for mask in (light, ~light):
        marks = marks_of(mask)
        number = int(marks.areas.argmax())
        box = marks.box(number)
        is_large = box.height >= _SHEET_SIDE * gray.shape[0] and box.width >= _SHEET_SIDE * gray.shape[1]
        if not is_large or np.count_nonzero(edge_of(marks.labels) == number) > _SHEET_CONTACT * box.side:
            continue
        own = (marks.labels == number)[box.slices]
        if stroke_width(own) > _BROAD * box.side and _cornered(own) > _CORNERED and _solidity(own) > _SOLID:
            return _Sheet(marks.labels == number, box)
    return None


def _cornered(mask: Mask) -> float:
    """How far it reaches along the diagonals, of how far a rectangle of its sides does: 0.71 for a circle, 0.79 for a
    square turned by 15 degrees."""
    rows, columns = mask.nonzero()
    reach = np.ptp(rows + columns) + np.ptp(rows - columns)
    return float(reach / (2 * max(sum(mask.shape) - 2, 1)))


def _solidity(mask: Mask) -> float:
    """How much of its convex hull it fills, what is written on it included: 1 for a sheet, less for the strokes of a
    thick pen."""
    filled = row_hull(mask) & row_hull(mask.T).T
    lefts, rights = filled.argmax(axis=1), mask.shape[1] - filled[:, ::-1].argmax(axis=1)
    return float(np.count_nonzero(filled) / (_lid(rights) + _lid(-lefts)).sum())


def _lid(values: NDArray[np.int64]) -> NDArray[np.float64]:
    """The lowest concave line that is nowhere below `values`: Andrew's upper hull (1979)."""
    hull: list[tuple[int, int]] = []
    for point in enumerate(values.tolist()):
        while len(hull) > 1 and _turns_left(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    at, height = zip(*hull, strict=True)
    lid: NDArray[np.float64] = np.interp(np.arange(len(values)), at, height)
    return lid


def _turns_left(first: tuple[int, int], second: tuple[int, int], third: tuple[int, int]) -> bool:
    return (second[0] - first[0]) * (third[1] - first[1]) >= (second[1] - first[1]) * (third[0] - first[0])


def _alone(image: NDArray[np.uint8], sheet: _Sheet) -> NDArray[np.uint8]:
    """The sheet's part of the image; what is around it, and its edge, is as its middle."""
    mask = sheet.mask[sheet.box.slices]
    alone = image[sheet.box.slices].copy()
    inside = row_hull(mask) & row_hull(mask.T).T
    for _ in range(max(2, sheet.box.side // 24)):
        inside[1:-1, 1:-1] &= inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
        inside[[0, -1]] = inside[:, [0, -1]] = False
    alone[~inside] = np.median(alone[mask], axis=0).astype(np.uint8)
    return alone


def _is_written(found: Found) -> bool:
    """Strokes, not the hole of a 0."""
    return stroke_width(found.mask[found.box.slices]) < _STROKE_SHARE * found.box.side


def _back_in(found: Found, sheet: _Sheet) -> Found:
    """With the coordinates of the whole image."""
    top, left = sheet.box.top, sheet.box.left
    box = Box(found.box.top + top, found.box.bottom + top, found.box.left + left, found.box.right + left)
    strength, mask = np.zeros(sheet.mask.shape, dtype=np.uint8), np.zeros_like(sheet.mask)
    strength[sheet.box.slices], mask[sheet.box.slices] = found.strength, found.mask
    return Found(strength, mask, box, found.is_dark, (*found.steps, "sheet"), found.share)
