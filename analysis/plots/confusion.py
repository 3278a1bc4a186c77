"""Plot of a confusion matrix, as counts and as shares of the true class."""

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
from analysis.plots.panels import GRID, Box, draw_frame, panels
from analysis.plots.text_layout import legible_names, shorten, width_of

Measure = Literal["counts", "shares"]
Matrix = NDArray[np.float64]
_CELL, _MIN_SIDE, _MAX_SIDE = 0.36, 2.4, 6.0  # inches, as what follows
_MAX_LABEL = 1.3
_AXIS_LABEL, _BAR, _BAR_LABELS, _GAP = 0.3, 0.1, 0.45, 0.2
_LABEL_SIZE, _LARGEST, _SMALLEST = 7.0, 8.0, 5.5  # points
_LABEL_PITCH = 0.125  # between labels that do not touch
_POINTS_PER_INCH = 72
_MAX_NUMBERED = 15  # classes, in cells with numbers
_PAIRS = 4  # in the description
# Darker is more, in gray as well.
_COLORS = LinearSegmentedColormap.from_list("errors", ["#ffffff", "#9db9f0", ACCENT, "#0b1840"])
_DIAGONAL = "#dcdfe6"


def confusion_figure(
    name: str, split: str, labels: Sequence[str], matrix: Sequence[Sequence[int]], measures: Sequence[Measure]
) -> Figure:
    """A panel for each of `measures`. `matrix` (classes, classes) has a row for each true class.

    Only errors are shaded, by the root of their number over the largest: on one scale with the right answers, which
    are many more, all of them would be white.
    """
    counts = np.array(matrix, dtype=np.float64)
    names = legible_names(labels)
    side = float(np.clip(len(names) * _CELL, _MIN_SIDE, _MAX_SIDE))
    shown = [shorten(each, _MAX_LABEL, _LABEL_SIZE) for each in names]
    label_width = max(width_of(each, _LABEL_SIZE) for each in shown) + 0.1
    upright = label_width > side / len(names)
    below = _BAR + _BAR_LABELS + _AXIS_LABEL + (label_width if upright else 0.15)
    left = _AXIS_LABEL + label_width
    boxes = [Box(left + number * (side + _GAP), below, side, side) for number in range(len(measures))]
    bars = [Box(box.left, _BAR_LABELS - _BAR, side, _BAR) for box in boxes]
    size = (boxes[-1].left + side + 0.05, below + side + 0.25)
    figure, each_axes = panels(f"{name}: confusion, {split} split", _subtitle(counts, shown), size, [*boxes, *bars])
    for number, measure in enumerate(measures):
        axes, bar = each_axes[number], each_axes[len(measures) + number]
        image = _draw(axes, counts if measure == "counts" else _shares(counts), measure, side)
        _label(axes, shown, side, upright, first=number == 0)
        _scale(figure, bar, image, measure)
    return figure


def _shares(counts: Matrix) -> Matrix:
    """Of each row; zeros for a class without samples."""
    rows = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, rows, out=np.zeros_like(counts), where=rows > 0))


def _errors(values: Matrix) -> Matrix:
    return np.where(np.eye(len(values), dtype=bool), 0.0, values)


def _subtitle(counts: Matrix, names: Sequence[str]) -> list[str]:
    right, samples = int(np.trace(counts)), int(counts.sum())
    lines = [f"{right:,} of {samples:,} samples are right; errors are shaded by the root of their number"]
    errors = _errors(counts)
    most = np.argsort(-errors, axis=None, kind="stable")[:_PAIRS]
    pairs = [
        f"{names[true]} → {names[predicted]} ({errors[true, predicted]:,.0f})"
        for true, predicted in zip(*np.unravel_index(most, errors.shape), strict=True)
        if errors[true, predicted]
    ]
    empty = int((counts.sum(axis=1) == 0).sum())
    return [
        *lines,
        *([f"most often, true → predicted: {', '.join(pairs)}"] if pairs else []),
        *([f"{'1 class has' if empty == 1 else f'{empty} classes have'} no sample in this split"] if empty else []),
    ]


def _draw(axes: Axes, values: Matrix, measure: Measure, side: float) -> AxesImage:
    errors = _errors(values)
    norm = PowerNorm(0.5, vmin=0, vmax=float(errors.max()) or 1.0)
    image = axes.imshow(
        np.ma.masked_array(errors, np.eye(len(values), dtype=bool)),
        cmap=_COLORS.with_extremes(bad=_DIAGONAL),
        norm=norm,
        aspect="auto",
        interpolation="none",  # an SVG gets the cells themselves
    )
    texts = [[_cell_text(value, measure) for value in row] for row in values.tolist()]
    size = _letter_size(texts, side / len(values))
    if size is not None:
        edges = np.arange(len(values) - 1) + 0.5
        axes.hlines(edges, -0.5, len(values) - 0.5, color=GRID, linewidth=0.5)
        axes.vlines(edges, -0.5, len(values) - 0.5, color=GRID, linewidth=0.5)
        _number(axes, texts, np.asarray(norm(errors)), size)
    return image


def _cell_text(value: float, measure: Measure) -> str:
    if measure == "counts":
        return f"{value:.0f}" if value else ""
    # 100 is all of them; a share below 1 is a shade, and a count in the other panel.
    return "" if value < 0.01 else ">99" if 0.99 < value < 1 else f"{100 * value:.0f}"


def _letter_size(texts: list[list[str]], cell: float) -> float | None:
    """The size of letters, in points, at which all fit into cells of so many inches; None if that is too small to read,
    or if there are too many to read."""
    if len(texts) > _MAX_NUMBERED:
        return None
    # All digits have one width. Right answers are bold, which is wider.
    widest = max((text for row in texts for text in row), key=len)
    share = 0.85 * cell / max(width_of(widest, _LARGEST, "bold"), cell / 10)
    size = min(_LARGEST, _LARGEST * share, 0.6 * cell * _POINTS_PER_INCH)
    return size if size >= _SMALLEST else None


def _number(axes: Axes, texts: list[list[str]], shades: Matrix, size: float) -> None:
    for row, row_texts in enumerate(texts):
        for column, text in enumerate(row_texts):
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
    draw_frame(axes)
    every = int(np.ceil(_LABEL_PITCH * len(labels) / side))
    ticks, shown = range(0, len(labels), every), labels[::every]
    axes.set_xticks(ticks, shown, rotation=90 if upright else 0, fontsize=_LABEL_SIZE)
    axes.set_yticks(ticks if first else [], shown if first else [], fontsize=_LABEL_SIZE)
    axes.set_ylabel("true class" if first else "", color=INK)
    axes.set_xlabel("predicted class", color=INK)
    axes.tick_params(length=2)


def _scale(figure: Figure, bar: Axes, image: AxesImage, measure: Measure) -> None:
    figure.colorbar(image, cax=bar, orientation="horizontal")
    draw_frame(bar)
    bar.tick_params(length=2, labelsize=_LABEL_SIZE)
    if measure == "counts":
        bar.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        bar.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        bar.set_xlabel("errors", color=INK, fontsize=8)
    else:
        bar.xaxis.set_major_locator(MaxNLocator(5))
        bar.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}")
        bar.set_xlabel("% of the true class", color=INK, fontsize=8)
