"""Images that a digit fills from top to bottom, as those of optdigits do: in their own size, enlarged, or plotted."""

from typing import NamedTuple

import numpy as np

from imaging.digits.box import Box, bounding_box
from imaging.digits.connected_components import connected_components
from imaging.digits.ink import Gray, edge_pixels, quantiles
from imaging.digits.pixels import to_pillow
from imaging.resize import to_array

# Ink differs from the paper by at least this, of 255, and by this share of the contrast of the whole image: thinner
# strokes than optdigits' fade when they are reduced to its size.
_MIN_CONTRAST, _MIN_STRENGTH = 20, 0.6
# The paper is what most of the left and right edge shows; at most so many pixels differ from it the other way.
_MIN_PAPER, _MAX_BEYOND, _TOLERANCE = 0.6, 0.1, 0.15
# Ink reaches the first and the last row with this share of the contrast.
_MIN_REACH = 0.3
# An image is square if its sides differ by this factor at most.
_MAX_ASPECT = 1.25
# The axes of a plot cover at least this share of the figure's shorter side; their sides are solid to this share.
_MIN_AXES, _MIN_SOLID = 0.4, 0.7
# The page of a figure varies by at most this, of 255.
_EVEN = 12
_OVERVIEW_SIDE = 192


class FillingDigit(NamedTuple):
    """`image` has the network's size, ink 255 on paper 0. `steps` name in order what was done."""

    image: Gray
    steps: tuple[str, ...]


def find_filling(gray: Gray, height: int, width: int) -> FillingDigit | None:
    """Reduce a digit that fills `gray`, (any height, any width), or the axes of a plot in it, to (height, width); None
    if none does. An image of that size needs only even paper."""
    if gray.shape == (height, width):
        return _on_paper(gray, gray, ())
    axes = _find_axes(gray)
    for box in (None, axes) if axes else (None,):
        square = gray if box is None else gray[box.slices]
        if max(square.shape) <= _MAX_ASPECT * min(square.shape):
            small = to_array(to_pillow(square), (height, width, 1))[..., 0]
            found = _on_paper(small, square, ("cropped", "resized") if box else ("resized",))
            if found is not None and min(found.image[[0, -1]].max(axis=1)) >= _MIN_REACH * 255:
                return found
    return None


def _on_paper(small: Gray, source: Gray, steps: tuple[str, ...]) -> FillingDigit | None:
    sides = small[:, [0, -1]]
    [paper] = quantiles(sides, (0.5,))
    differences = small.astype(np.int64) - paper
    is_dark = bool((differences[differences < 0] ** 2).sum() > (differences[differences > 0] ** 2).sum())
    ink = -differences if is_dark else differences
    peak = int(ink.max())
    contrast = max(_MIN_CONTRAST, _MIN_STRENGTH * np.ptp(source))
    is_even = (np.abs(sides.astype(np.int64) - paper) <= _TOLERANCE * peak).mean() >= _MIN_PAPER
    if peak < contrast or not is_even or (ink < -_TOLERANCE * peak).mean() > _MAX_BEYOND:
        return None
    if not is_dark and paper == 0 and peak > 127:
        return FillingDigit(small, steps)
    stretched = np.clip(ink * 255 // peak, 0, 255).astype(np.uint8)
    return FillingDigit(stretched, (*(("inverted",) if is_dark else ()), *steps, "stretched"))


def _find_axes(gray: Gray) -> Box | None:
    """The square of a plotted image, without its ticks, in a figure of one color."""
    edge = edge_pixels(gray)
    [page] = quantiles(edge, (0.5,))
    if np.ptp(edge) > _EVEN:
        return None
    is_marked = np.abs(gray.astype(np.int16) - page) > _EVEN
    step = max(1, max(gray.shape) // _OVERVIEW_SIDE)
    starts = [np.arange(0, side, step) for side in gray.shape]
    overview = np.logical_or.reduceat(np.logical_or.reduceat(is_marked, starts[0], axis=0), starts[1], axis=1)
    components = connected_components(overview)
    if len(components.areas) < 2:
        return None
    box = components.box(int(components.areas[1:].argmax()) + 1)
    if box.side * step < _MIN_AXES * min(gray.shape):
        return None
    full = Box(*(end * step for end in box))
    marked = is_marked[full.slices]
    rows, columns = marked.mean(axis=1) >= _MIN_SOLID, marked.mean(axis=0) >= _MIN_SOLID
    if not (rows.any() and columns.any()):
        return None
    inner = bounding_box(rows[:, None] & columns)
    if marked[inner.slices][:, [0, -1]].mean(axis=0).min() < _MIN_SOLID:
        return None
    top, left = full.top, full.left
    return Box(inner.top + top, inner.bottom + top, inner.left + left, inner.right + left)
