"""Bounding boxes in an image."""

from typing import NamedTuple

import numpy as np

from imaging.digits.ink import Mask


class Box(NamedTuple):
    """A box in pixels; `bottom` and `right` are exclusive."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def side(self) -> int:
        """The longer side."""
        return max(self.height, self.width)

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


def bounding_box(mask: Mask) -> Box:
    """The smallest box that contains `mask`, which must not be empty."""
    width = mask.shape[1]
    pixels, columns = mask.tobytes(), mask.any(axis=0).tobytes()
    return Box(pixels.find(1) // width, pixels.rfind(1) // width + 1, columns.find(1), columns.rfind(1) + 1)


def row_hull(mask: Mask) -> Mask:
    """Fill each row of `mask` from its first to its last pixel."""
    from_left = np.maximum.accumulate(mask, axis=1)
    from_right = np.maximum.accumulate(mask[:, ::-1], axis=1)[:, ::-1]
    filled: Mask = from_left & from_right
    return filled
