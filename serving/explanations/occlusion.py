"""Occlusion: how much the probability of a class falls when a patch of the image is hidden.

Zeiler and Fergus 2014, Visualizing and Understanding Convolutional Networks, section 4.2: they move a gray square over
the image. Here the patch has the color of the image's background: a gray square on the black around a digit would be a
mark of its own.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

# Cells in the longer side of the grid, for images up to so many pixels long: 196 places at most, 49 of large images,
# each of which takes a network many times as long.
_CELLS = ((64, 14), (256, 10))
_MIN_CELLS = 7
MAX_PLACES = _CELLS[0][1] ** 2
# A patch covers its cell and those around it: alone, a cell is narrower than the stroke of a pen.
_CELLS_OF_PATCH = 3

Pixels = NDArray[np.uint8]
Place = tuple[int, int]


class Grid(NamedTuple):
    """The places at which a patch hides the image: `rows` x `columns` square cells of `stride` pixels. The patch, of
    `patch` pixels, has the cell in its middle."""

    rows: int
    columns: int
    patch: int
    stride: int

    @classmethod
    def of(cls, height: int, width: int) -> Self:
        side = max(height, width)
        cells = next((cells for most, cells in _CELLS if side <= most), _MIN_CELLS)
        stride = -(-side // cells)
        return cls(-(-height // stride), -(-width // stride), _CELLS_OF_PATCH * stride, stride)

    def slices(self, place: Place) -> tuple[slice, slice]:
        """Rows and columns of the image that the patch at `place`, (row, column) of the grid, hides."""
        margin = (self.patch - self.stride) // 2
        firsts = (each * self.stride - margin for each in place)
        rows, columns = (slice(max(0, first), first + self.patch) for first in firsts)
        return rows, columns


class HidableImage(NamedTuple):
    """An image as the network receives it, `pixels` (height, width, channels), and the `places` of the `grid` where a
    patch in the color of the `background`, (channels,), hides something: elsewhere the copy would be the image itself.
    """

    pixels: Pixels
    background: NDArray[np.uint8]
    grid: Grid
    places: list[Place]

    @classmethod
    def of(cls, pixels: Pixels) -> Self:
        grid, background = Grid.of(*pixels.shape[:2]), _background_of(pixels)
        every = [(row, column) for row in range(grid.rows) for column in range(grid.columns)]
        content = _content_of(pixels, background)
        return cls(pixels, background, grid, [place for place in every if content[grid.slices(place)].any()])

    @property
    def content(self) -> NDArray[np.bool_]:
        """(height, width): what differs from the background."""
        return _content_of(self.pixels, self.background)

    def copies(self, places: Sequence[Place]) -> Pixels:
        """(places, height, width, channels): a copy for each place, hidden there."""
        copies = np.repeat(self.pixels[None], len(places), axis=0)
        for copy, place in zip(copies, places, strict=True):
            copy[self.grid.slices(place)] = self.background
        return copies


def _background_of(pixels: Pixels) -> NDArray[np.uint8]:
    """Of each channel the median at the edge of the image."""
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return np.asarray(np.median(edge, axis=0), dtype=np.uint8)


def _content_of(pixels: Pixels, background: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((pixels != background).any(axis=2))
