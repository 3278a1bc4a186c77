"""Plots of confusion matrices, as counts and as shares of the true class."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis.plots.figure import INK, PALE
from analysis.plots.panels import GRID, Box, draw_frame, panels
from analysis.plots.text_layout import legible_names, shorten, width_of

Measure = Literal["counts", "shares"]
Matrix = NDArray[np.float64]
_MEASURES: dict[Measure, str] = {"counts": "counts", "shares": "% of the true class"}
_CELL, _MIN_SIDE, _MAX_SIDE = 0.36, 2.4, 6.6  # inches, as what follows
_MAX_LABEL = 1.3
_AXIS_LABEL, _BAR, _BAR_LABELS, _GAP = 0.3, 0.1, 0.45, 0.2
_TITLE = 0.22
_LABEL_SIZE, _TITLE_SIZE, _LARGEST, _SMALLEST = 7.0, 9.0, 8.0, 5.0  # points
_LABEL_PITCH = 0.125  # between labels that do not touch
_POINTS_PER_INCH = 72
_COLUMNS = 4  # of matrices beside each other
_PAIRS = 4  # in the description
_MAX_NUMBERS = 1_400  # in all matrices of a figure: each takes a millisecond
# Nothing is white, and even one sample of many thousands is not; darker is more, in gray as well.
_COLORS = LinearSegmentedColormap.from_list("shares", ["#cfdcf5", "#6b95de", "#0b2a6b"], under="#ffffff")
_LEAST = 1e-9


class ConfusionPanel(NamedTuple):
    """`counts` (classes, classes) has a row for each true class."""

    title: str
    counts: Matrix
    measure: Measure


def confusion_figure(
    name: str, split: str, labels: Sequence[str], matrix: Sequence[Sequence[int]], measures: Sequence[Measure]
) -> Figure:
    """A panel for each of `measures`. `matrix` (classes, classes) has a row for each true class.

    Cells are shaded by their share of the true class in both, as scikit-learn's normalized plot is: counts of a rare
    class would all be white beside those of a frequent one.
    """
    counts = np.array(matrix, dtype=np.float64)
    each = [ConfusionPanel(_MEASURES[measure], counts, measure) for measure in measures]
    return _figure(f"{name}: confusion, {split} split", _subtitle(counts, labels), labels, each)


def confusions_figure(
    names: Sequence[str],
    split: str,
    labels: Sequence[str],
    matrices: Sequence[Sequence[Sequence[int]]],
    measure: Measure,
    note: str | None = None,
) -> Figure:
    """The matrices of several experiments beside each other. `note` is a further line below the title."""
    each = [
        ConfusionPanel(f"{name}: {_accuracy_text(counts)}", counts, measure)
        for name, counts in zip(names, (np.array(matrix, dtype=np.float64) for matrix in matrices), strict=True)
    ]
    samples = int(each[0].counts.sum())
    lines = [f"{samples:,} samples each; {_legend(measure)}", *([note] if note else [])]
    return _figure(f"confusion of {len(each)} experiments, {split} split", lines, labels, each)


def _figure(title: str, lines: list[str], labels: Sequence[str], each_panel: Sequence[ConfusionPanel]) -> Figure:
    names = legible_names(labels)
    side = float(np.clip(len(names) * _CELL, _MIN_SIDE, _MAX_SIDE))
    shown = [shorten(each, _MAX_LABEL, _LABEL_SIZE) for each in names]
    label_width = max(width_of(each, _LABEL_SIZE) for each in shown) + 0.1
    upright = label_width > side / len(names)
    below = _AXIS_LABEL + (label_width if upright else 0.15)
    left = _AXIS_LABEL + label_width
    columns = min(_COLUMNS, len(each_panel))
    rows = -(-len(each_panel) // columns)
    pitch = below + side + _TITLE
    boxes = [
        Box(
            left + number % columns * (side + _GAP),
            _BAR_LABELS + _BAR + (rows - 1 - number // columns) * pitch + below,
            side,
            side,
        )
        for number in range(len(each_panel))
    ]
    bar = Box(left, _BAR_LABELS - _BAR, side, _BAR)
    size = (left + columns * (side + _GAP) - _GAP + 0.05, _BAR_LABELS + _BAR + rows * pitch + 0.25)
    figure, each_axes = panels(title, lines, size, [*boxes, bar])
    for number, panel in enumerate(each_panel):
        axes = each_axes[number]
        image = _draw(axes, panel, side, is_numbered=len(each_panel) * len(names) ** 2 <= _MAX_NUMBERS)
        axes.set_title(shorten(panel.title, side, _TITLE_SIZE), fontsize=_TITLE_SIZE, color=INK, loc="left", pad=4)
        _label(axes, shown, side, upright, first=number % columns == 0)
        if number == 0:
            _scale(figure, each_axes[-1], image)
    return figure


def _shares(counts: Matrix) -> Matrix:
    """Of each row; zeros for a class without samples."""
    rows = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, rows, out=np.zeros_like(counts), where=rows > 0))


def _errors(values: Matrix) -> Matrix:
    return np.where(np.eye(len(values), dtype=bool), 0.0, values)


def _accuracy_text(counts: Matrix) -> str:
    return f"{np.trace(counts) / max(1.0, counts.sum()):.2%}".replace("%", " %")


def _legend(measure: Measure) -> str:
    return f"cells show {_MEASURES[measure]}; the darker one is, the larger its share of the true class"


def _subtitle(counts: Matrix, labels: Sequence[str]) -> list[str]:
    names = [shorten(each, _MAX_LABEL, _LABEL_SIZE) for each in legible_names(labels)]
    right, samples = int(np.trace(counts)), int(counts.sum())
    lines = [
        f"{right:,} of {samples:,} samples are right ({_accuracy_text(counts)})",
        "the darker a cell, the larger its share of the true class",
    ]
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


def _draw(axes: Axes, panel: ConfusionPanel, side: float, is_numbered: bool) -> AxesImage:
    shares = _shares(panel.counts)
    image = axes.imshow(
        shares,
        cmap=_COLORS,
        vmin=_LEAST,
        vmax=1.0,
        aspect="auto",
        interpolation="none",  # an SVG gets the cells themselves
    )
    values = panel.counts if panel.measure == "counts" else shares
    texts = [[_cell_text(value, panel.measure) for value in row] for row in values.tolist()]
    size = _letter_size(texts, side / len(values)) if is_numbered else None
    if size is not None:
        edges = np.arange(len(values) - 1) + 0.5
        axes.hlines(edges, -0.5, len(values) - 0.5, color=GRID, linewidth=0.5)
        axes.vlines(edges, -0.5, len(values) - 0.5, color=GRID, linewidth=0.5)
        _number(axes, texts, shares, size)
    return image


def _cell_text(value: float, measure: Measure) -> str:
    """A share is in percent, and neither nothing nor all unless it is."""
    if measure == "counts":
        return f"{value:.0f}"
    percent = 100 * value
    if 0 < percent < 0.05:
        return "<.1"
    if 0.95 <= percent <= 99.05 or percent in (0, 100):
        return f"{percent:.0f}"
    return f"{percent:.1f}".lstrip("0") if percent < 0.95 else ">99"


def _letter_size(texts: list[list[str]], cell: float) -> float | None:
    """The size of letters, in points, at which all fit into cells of so many inches; None if that is too small to
    read."""
    # All digits have one width. Right answers are bold, which is wider.
    widest = max((text for row in texts for text in row), key=len)
    share = 0.9 * cell / max(width_of(widest, _LARGEST, "bold"), cell / 10)
    size = min(_LARGEST, _LARGEST * share, 0.6 * cell * _POINTS_PER_INCH)
    return size if size >= _SMALLEST else None


def _number(axes: Axes, texts: list[list[str]], shares: Matrix, size: float) -> None:
    for row, row_texts in enumerate(texts):
        for column, text in enumerate(row_texts):
            share = shares[row, column]
            axes.text(
                column,
                row,
                text,
                ha="center",
                va="center",
                fontsize=size,
                color="white" if share > 0.5 else INK if share else PALE,
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


def _scale(figure: Figure, bar: Axes, image: AxesImage) -> None:
    figure.colorbar(image, cax=bar, orientation="horizontal")
    draw_frame(bar)
    bar.tick_params(length=2, labelsize=_LABEL_SIZE)
    bar.xaxis.set_major_locator(MaxNLocator(5))
    bar.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}")
    bar.set_xlabel("share of the true class, %", color=INK, fontsize=8)
