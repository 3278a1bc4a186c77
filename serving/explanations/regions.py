"""Where a place lies in the content of an image, in words."""

import numpy as np
from numpy.typing import NDArray

from serving.explanations.explanation import Region
from serving.explanations.occlusion import HidableImage, Place

_REGIONS: tuple[tuple[Region, ...], ...] = (
    ("upper_left", "upper", "upper_right"),
    ("left", "center", "right"),
    ("lower_left", "lower", "lower_right"),
)


def region_of(image: HidableImage, place: Place) -> Region:
    """By thirds of the box around all that differs from the background, of which there is something: by the middle of
    the cell."""
    row, column = (
        _third(np.flatnonzero(image.content.any(axis=1 - axis)), (place[axis] + 0.5) * image.grid.stride)
        for axis in (0, 1)
    )
    return _REGIONS[row][column]


def _third(used: NDArray[np.int64], at: float) -> int:
    first, last = int(used[0]), int(used[-1]) + 1
    return min(2, max(0, int(3 * (at - first) / (last - first))))
