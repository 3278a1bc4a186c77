"""A check that the texts of a figure are within it and do not overlap."""

from collections.abc import Callable
from unittest import mock

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.plots.figure import render


def check(make: Callable[[], Figure]) -> Figure:
    """Render the figure of `make`, check its layout, and return it."""
    texts: list[Text] = []
    figures: list[Figure] = []

    def make_and_keep() -> Figure:
        figures.append(make())
        return figures[0]

    render(make_and_keep, "png")
    (figure,) = figures
    canvas = FigureCanvasAgg(figure)
    # Only what is drawn: an axis also has labels beyond its ends, which it does not show.
    with mock.patch.object(Text, "draw", lambda text, renderer: texts.append(text)):
        canvas.draw()  # type: ignore[no-untyped-call]
    boxes = np.array([text.get_window_extent().extents for text in texts if text.get_text().strip()])
    assert len(boxes)
    x0, y0, x1, y1 = boxes.T
    width, height = figure.bbox.size
    outside = (x0 < -1) | (y0 < -1) | (x1 > width + 1) | (y1 > height + 1)
    assert not outside.any(), boxes[outside]
    across = np.minimum.outer(x1, x1) - np.maximum.outer(x0, x0)
    down = np.minimum.outer(y1, y1) - np.maximum.outer(y0, y0)
    overlapping = np.argwhere(np.triu((across > 2) & (down > 2), 1))
    assert not len(overlapping), boxes[overlapping[0]]
    return figure
