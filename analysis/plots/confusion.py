"""What was taken for what: confusion matrices, as counts and as shares of the true class."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis.plots.figure import ACCENT, INK
from analysis.plots.panels import GRID, Box, framed, panels
from analysis.plots.text_layout import legible_names, shorten, width_of

Measure = Literal["counts", "shares"]
Matrix = NDArray[np.float64]
_CELL, _MIN_SIDE, _MAX_SIDE = 0.36, 2.4, 6.0  # inches, as what follows
_MAX_LABEL = 1.3
_AXIS_LABEL, _BAR, _BAR_LABELS, _GAP = 0.3, 0.1, 0.45, 0.2
_LABEL_SIZE, _LARGEST, _SMALLEST = 7.0, 8.0, 5.5  # points
_LABEL_PITCH = 0.125  # between labels that do not touch
_POINTS_PER_INCH = 72
_MAX_NUMBERED = 15  # classes
_PAIRS = 4  # that are named
# Darker is more, in gray as well.
_COLORS = LinearSegmentedColormap.from_list("mistakes", ["#ffffff", "#9db9f0", ACCENT, "#0b1840"])
_DIAGONAL = "#dcdfe6"


def confusion_figure(
    name: str, split: str, labels: Sequence[str], matrix: Sequence[Sequence[int]], measures: Sequence[Measure]
) -> Figure:
    """A panel for each of `measures`. `matrix` (classes, classes) has a row for each true class.

    Only mistakes are shaded, by the root of their number over the largest: on one scale with the right answers, which
    are many more, all of them would be white.
    """
    counts = np.array(matrix, dtype=np.float64)
    names = legible_names(labels)
    side = float(np.clip(len(names) * _CELL, _MIN_SIDE, _MAX_SIDE))
    shown = [shorten(each, _MAX_LABEL, _LABEL_SIZE) for each in names]
    room = max(width_of(each, _LABEL_SIZE) for each in shown) + 0.1
    upright = room > side / len(names)
    below = _BAR + _BAR_LABELS + _AXIS_LABEL + (room if upright else 0.15)
    left = _AXIS_LABEL + room
    boxes = [Box(left + number * (side + _GAP), below, side, side) for number in range(len(measures))]
    bars = [Box(box.left, _BAR_LABELS - _BAR, side, _BAR) for box in boxes]
    size = (boxes[-1].left + side + 0.05, below + side + 0.25)
    figure, each_axes = panels(f"{name}: confusion, {split} split", _described(counts, shown), size, [*boxes, *bars])
    for number, measure in enumerate(measures):
        axes, bar = each_axes[number], each_axes[len(measures) + number]
        image = _draw(axes, counts if measure == "counts" else _shares(counts), measure, side)
        _label(axes, shown, side, upright, first=number == 0)
        _scale(figure, bar, image, measure)
    return figure


def _shares(counts: Matrix) -> Matrix:
    """Of each row; zeros where there is no sample."""
    rows = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, rows, out=np.zeros_like(counts), where=rows > 0))


def _mistakes(values: Matrix) -> Matrix:
    return np.where(np.eye(len(values), dtype=bool), 0.0, values)


def _described(counts: Matrix, names: Sequence[str]) -> list[str]:
    right, samples = int(np.trace(counts)), int(counts.sum())
    lines = [f"{right:,} of {samples:,} samples are right; mistakes are shaded, by their root"]
    mistakes = _mistakes(counts)
    most = np.argsort(-mistakes, axis=None, kind="stable")[:_PAIRS]
    pairs = [
        f"{names[true]} → {names[predicted]} ({mistakes[true, predicted]:,.0f})"
        for true, predicted in zip(*np.unravel_index(most, mistakes.shape), strict=True)
        if mistakes[true, predicted]
    ]
    empty = int((counts.sum(axis=1) == 0).sum())
    return [
        *lines,
        *([f"most often, true → predicted: {', '.join(pairs)}"] if pairs else []),
        *([f"{empty} of the classes have no sample in this part"] if empty else []),
    ]


def _draw(axes: Axes, values: Matrix, measure: Measure, side: float) -> AxesImage:
    mistakes = _mistakes(values)
    norm = PowerNorm(0.5, vmin=0, vmax=float(mistakes.max()) or 1.0)
    image = axes.imshow(
        np.ma.masked_array(mistakes, np.eye(len(values), dtype=bool)),
        cmap=_COLORS.with_extremes(bad=_DIAGONAL),
        norm=norm,
        aspect="auto",
        interpolation="none",  # an SVG gets the cells themselves
    )
    written = [[_written(value, measure) for value in row] for row in values.tolist()]
    size = _size_of(written, side / len(values))
    if size is not None:
        edges = np.arange(len(values) - 1) + 0.5
        axes.hlines(edges, -0.5, len(values) - 0.5, color=GRID, linewidth=0.5)
        axes.vlines(edges, -0.5, len(values) - 0.5, color=GRID, linewidth=0.5)
        _number(axes, written, np.asarray(norm(mistakes)), size)
    return image


def _written(value: float, measure: Measure) -> str:
    if measure == "counts":
        return f"{value:.0f}" if value else ""
    # A hundred is all of them; what is less than one is a shade, and a count beside it.
    return "" if value < 0.01 else ">99" if 0.99 < value < 1 else f"{100 * value:.0f}"


def _size_of(written: list[list[str]], cell: float) -> float | None:
    """The size of letters at which all fit into cells of so many inches, or None where that is too small to read, or
    there are more of them than anybody reads."""
    if len(written) > _MAX_NUMBERED:
        return None
    # Digits are of one width. The right answers are in bold, which is wider.
    widest = max((text for row in written for text in row), key=len)
    share = 0.85 * cell / max(width_of(widest, _LARGEST, "bold"), cell / 10)
    size = min(_LARGEST, _LARGEST * share, 0.6 * cell * _POINTS_PER_INCH)
    return size if size >= _SMALLEST else None


def _number(axes: Axes, written: list[list[str]], shades: Matrix, size: float) -> None:
    for row, texts in enumerate(written):
        for column, text in enumerate(texts):
            if text:
                axes.text(
                    column,
                    row,
                    text,
                    ha="center",
                    va="center",
                    fontsize=size,
                    color="white" if shades[row, column] > 0.5 else INK,
                    fontweight="bold" if row == column else "normal",
                )


def _label(axes: Axes, labels: list[str], side: float, upright: bool, first: bool) -> None:
    framed(axes)
    every = int(np.ceil(_LABEL_PITCH * len(labels) / side))
    places, shown = range(0, len(labels), every), labels[::every]
    axes.set_xticks(places, shown, rotation=90 if upright else 0, fontsize=_LABEL_SIZE)
    axes.set_yticks(places if first else [], shown if first else [], fontsize=_LABEL_SIZE)
    axes.set_ylabel("true class" if first else "", color=INK)
    axes.set_xlabel("predicted class", color=INK)
    axes.tick_params(length=2)


def _scale(figure: Figure, bar: Axes, image: AxesImage, measure: Measure) -> None:
    figure.colorbar(image, cax=bar, orientation="horizontal")
    framed(bar)
    bar.tick_params(length=2, labelsize=_LABEL_SIZE)
    if measure == "counts":
        bar.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        bar.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        bar.set_xlabel("mistakes", color=INK, fontsize=8)
    else:
        bar.xaxis.set_major_locator(MaxNLocator(5))
        bar.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}")
        bar.set_xlabel("% of the true class", color=INK, fontsize=8)
