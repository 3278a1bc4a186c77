"""A check that the texts of a figure are within it and do not overlap."""

import itertools
from collections.abc import Callable
from unittest import mock

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
    width, height = figure.bbox.size
    boxes = [text.get_window_extent() for text in texts if text.get_text().strip()]
    assert boxes
    for box in boxes:
        assert box.x0 >= -1, box
        assert box.y0 >= -1, box
        assert box.x1 <= width + 1, box
        assert box.y1 <= height + 1, box
    for one, other in itertools.combinations(boxes, 2):
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        down = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert across <= 2 or down <= 2, (one, other)
    return figure
