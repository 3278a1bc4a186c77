"""Figures with several axes below one title."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plots.figure import INK, PALE, header

GRID = "#e3e6ec"


class Box(NamedTuple):
    """The position of axes, in inches from the lower left corner of the area below the title."""

    left: float
    bottom: float
    width: float
    height: float


def panels(title: str, lines: list[str], size: tuple[float, float], boxes: Sequence[Box]) -> tuple[Figure, list[Axes]]:
    """A figure as `header` returns it, with axes at `boxes` in an area of `size`, in inches."""
    figure, whole = header(title, lines, size)
    inches = np.array(figure.get_size_inches())
    corner = whole.get_position().p0
    whole.remove()

    def position(box: Box) -> tuple[float, float, float, float]:
        left, bottom = corner + np.array([box.left, box.bottom]) / inches
        return float(left), float(bottom), box.width / float(inches[0]), box.height / float(inches[1])

    return figure, [figure.add_axes(position(box)) for box in boxes]


def legend_above(figure: Figure, axes: Axes, handles: Sequence[Artist], columns: int, inches: float = 0.0) -> None:
    """A legend that begins at the upper left corner of `axes`, `inches` above it."""
    left, top = axes.get_position().corners()[1]
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(left, top + inches / figure.get_figheight()),
        bbox_transform=figure.transFigure,
        ncols=columns,
        fontsize=8,
        frameon=False,
        borderaxespad=0.1,
        columnspacing=1.2,
    )


def draw_grid(axes: Axes) -> None:
    """A pale grid and frame behind the data."""
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    draw_frame(axes)


def draw_frame(axes: Axes) -> None:
    for spine in axes.spines.values():
        spine.set_color(PALE)
    axes.tick_params(color=PALE, labelcolor=INK, labelsize=8)
