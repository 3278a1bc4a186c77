"""Lines over epochs, distinguishable by color and without it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullFormatter
from numpy.typing import NDArray

from analysis.plots.figure import INK, PALE
from analysis.plots.panels import draw_grid

Dash = str | tuple[float, tuple[float, ...]]
RING: dict[str, Any] = {"marker": "o", "markerfacecolor": "none", "markersize": 9}  # around the marked epoch
_ALL_MARKED = 25  # epochs; of more, only _MARKS are marked
_MARKS = 8
# If the largest loss is this many times the median, a linear axis would show half of the epochs as zero.
_WIDE = 100


class Style(NamedTuple):
    color: str
    dash: Dash
    marker: str


# Okabe and Ito 2008, Color Universal Design, without its yellow, which is invisible on white, and with a gray.
STYLES = (
    Style("#0072b2", "-", "o"),
    Style("#d55e00", (0, (5, 1.5)), "s"),
    Style("#009e73", (0, (1, 1)), "^"),
    Style("#cc79a7", (0, (6, 1.5, 1, 1.5)), "D"),
    Style("#000000", (0, (3, 1, 1, 1, 1, 1)), "v"),
    Style("#e69f00", (0, (9, 2)), "P"),
    Style("#56b4e9", (0, (2, 3)), "X"),
    Style("#777777", (0, (8, 2, 2, 2)), "<"),
)


def draw_series(axes: Axes, first: int, values: Sequence[float | None], style: Style, label: str) -> Line2D:
    """`values` from epoch `first` on, counted from 0 here and from 1 in the plot; None leaves a gap."""
    numbers = np.array(values, dtype=np.float64)
    [line] = axes.plot(
        first + 1 + np.arange(len(numbers)),
        numbers,
        color=style.color,
        linestyle=style.dash,
        linewidth=1.4,
        marker=style.marker,
        markersize=3.5,
        markevery=_mark_indices(numbers),
        label=label,
    )
    return line


def _mark_indices(numbers: NDArray[np.float64]) -> list[int]:
    """All of few; of many some, and those between two gaps, which a line does not show."""
    is_finite = np.isfinite(numbers)
    if len(numbers) <= _ALL_MARKED:
        return np.flatnonzero(is_finite).tolist()
    padded = np.pad(is_finite, 1)
    alone = is_finite & ~padded[:-2] & ~padded[2:]
    spread = np.zeros_like(is_finite)
    spread[np.linspace(0, len(numbers) - 1, _MARKS).round().astype(int)] = True
    return np.flatnonzero(is_finite & (alone | spread)).tolist()


def draw_axes(axes: Axes, name: str, first: int, end: int) -> None:
    """The axes of a metric over the epochs from `first` to before `end`. Called after the lines are drawn."""
    draw_grid(axes)
    axes.set_xlim(first + 0.5, end + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(lambda epoch, _: f"{epoch:,.0f}")
    axes.set_xlabel("epoch", color=INK)
    axes.set_ylabel(name, color=INK)
    values = [value for line in axes.lines for value in np.asarray(line.get_ydata(), dtype=np.float64)]
    numbers = np.array(values, dtype=np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if len(numbers) == 0:
        axes.text(0.5, 0.5, "no finite value", transform=axes.transAxes, ha="center", va="center", color=PALE)
        axes.set_yticks([])
        return
    if numbers.min() > 0 and numbers.max() > _WIDE * np.median(numbers):
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.4g}")


def share_scale(each_axes: Sequence[Axes]) -> None:
    """Give axes that show values the same vertical scale. Called after `draw_axes`."""
    shown = [axes for axes in each_axes if axes.get_yticks().size]
    if len(shown) < 2:
        return
    lows, highs = zip(*(axes.get_ylim() for axes in shown), strict=True)
    is_log = any(axes.get_yscale() == "log" for axes in shown) and min(lows) > 0
    for axes in shown:
        axes.set_yscale("log" if is_log else "linear")
        if is_log:
            axes.yaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.4g}")
        axes.set_ylim(min(lows), max(highs))
