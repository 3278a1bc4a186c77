"""Detection and isolation of a sheet of paper on a table, or a board on a wall."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imaging.digits.box import Box, row_hull
from imaging.digits.connected_components import connected_components
from imaging.digits.ink import Mask, edge_pixels, histogram, luminance, otsu
from imaging.digits.strokes import stroke_width

# A sheet covers at least this share of both sides of the image, and has at least this cornerness and solidity.
_MIN_SIDE, _MIN_CORNERNESS, _MIN_SOLIDITY = 0.45, 0.78, 0.93
# Images with a shorter side than this, in pixels, have no sheet.
_MIN_IMAGE_SIDE = 64
# At most this share of a sheet's side lies along the edge of the image.
_MAX_CONTACT = 0.35
# Strokes are narrower than this share of their component's side, sheets are broader. 95 % of MNIST's test digits are
# below 0.21.
_MIN_BREADTH = 0.2


class Sheet(NamedTuple):
    """`mask` has the shape of the whole image; writing leaves holes in it."""

    mask: Mask
    box: Box


def find_sheet(image: NDArray[np.uint8]) -> Sheet | None:
    """Find a sheet in an image, uint8, (height, width) or (height, width, 3).

    It is the largest light or dark component, if it is large, broader than strokes, rectangular, and not cut off by the
    edge of the image.
    """
    gray = luminance(image)
    if min(gray.shape) < _MIN_IMAGE_SIDE:
        return None
    light = gray > otsu(histogram(gray))
    for mask in (light, ~light):
        components = connected_components(mask)
        number = int(components.areas.argmax())
        box = components.box(number)
        is_large = box.height >= _MIN_SIDE * gray.shape[0] and box.width >= _MIN_SIDE * gray.shape[1]
        if not is_large or np.count_nonzero(edge_pixels(components.labels) == number) > _MAX_CONTACT * box.side:
            continue
        own = (components.labels == number)[box.slices]
        is_broad = stroke_width(own) > _MIN_BREADTH * box.side
        if is_broad and _cornerness(own) > _MIN_CORNERNESS and _solidity(own) > _MIN_SOLIDITY:
            return Sheet(components.labels == number, box)
    return None


def isolate(image: NDArray[np.uint8], sheet: Sheet) -> NDArray[np.uint8]:
    """Crop `image` to the sheet; its surroundings and its edge get the median color of the sheet."""
    mask = sheet.mask[sheet.box.slices]
    isolated = image[sheet.box.slices].copy()
    inside = row_hull(mask) & row_hull(mask.T).T
    for _ in range(max(2, sheet.box.side // 24)):
        inside[1:-1, 1:-1] &= inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
        inside[[0, -1]] = inside[:, [0, -1]] = False
    isolated[~inside] = np.median(isolated[mask], axis=0).astype(np.uint8)
    return isolated


def _cornerness(mask: Mask) -> float:
    """The extent along the diagonals, relative to that of a rectangle: 0.71 for a circle, 0.79 for a square rotated by
    15 degrees."""
    rows, columns = mask.nonzero()
    extent = np.ptp(rows + columns) + np.ptp(rows - columns)
    return float(extent / (2 * max(sum(mask.shape) - 2, 1)))


def _solidity(mask: Mask) -> float:
    """The share of the convex hull that is filled, with writing counted as filled: 1 for a sheet, less for the strokes
    of a thick pen."""
    filled = row_hull(mask) & row_hull(mask.T).T
    lefts, rights = filled.argmax(axis=1), mask.shape[1] - filled[:, ::-1].argmax(axis=1)
    return float(np.count_nonzero(filled) / (_upper_hull(rights) + _upper_hull(-lefts)).sum())


def _upper_hull(values: NDArray[np.int64]) -> NDArray[np.float64]:
    """The smallest concave function that is nowhere below `values`, by Andrew's monotone chain (1979)."""
    hull: list[tuple[int, int]] = []
    for point in enumerate(values.tolist()):
        while len(hull) > 1 and _turns_left(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    at, height = zip(*hull, strict=True)
    interpolated: NDArray[np.float64] = np.interp(np.arange(len(values)), at, height)
    return interpolated


def _turns_left(first: tuple[int, int], second: tuple[int, int], third: tuple[int, int]) -> bool:
    return (second[0] - first[0]) * (third[1] - first[1]) >= (second[1] - first[1]) * (third[0] - first[0])
