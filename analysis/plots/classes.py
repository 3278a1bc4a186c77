"""Plot of precision, recall and F1 by class."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.plots.figure import INK, PALE
from analysis.plots.panels import Box, draw_grid, legend_above, panels
from analysis.plots.series import STYLES
from analysis.plots.text_layout import legible_names, shorten, width_of
from models_store.evaluations.evaluation import ClassMetrics

_MAX_CLASSES = 100
_IN_A_COLUMN = 50
_ROW, _WIDTH, _BELOW, _ABOVE, _GAP = 0.17, 3.4, 0.25, 0.3, 0.25  # inches
_MAX_LABEL, _SUPPORT = 1.6, 0.55  # inches
_SIZE = 7.0  # points
_MARKERS = (
    ("f1", "F1", "o", 5.0, STYLES[0].color),
    ("precision", "precision", "|", 7.0, STYLES[1].color),
    ("recall", "recall", "x", 4.5, INK),
)


def classes_figure(name: str, split: str, per_class: Sequence[ClassMetrics]) -> Figure:
    """The worst by F1 first, 100 at most, in columns of 50."""
    names = legible_names([each.label for each in per_class])
    order = sorted(range(len(per_class)), key=lambda index: (_value(per_class[index].f1, 1.0), index))[:_MAX_CLASSES]
    rows = [(shorten(names[index], _MAX_LABEL, _SIZE), per_class[index]) for index in order]
    columns = -(-len(rows) // _IN_A_COLUMN)
    length = -(-len(rows) // columns)
    labels = max(width_of(label, _SIZE) for label, _ in rows) + 0.1
    pitch, height = labels + _WIDTH + _SUPPORT + _GAP, (length + 1) * _ROW
    boxes = [Box(column * pitch + labels, _BELOW, _WIDTH, height) for column in range(columns)]
    size = (columns * pitch - _GAP, _BELOW + height + _ABOVE)
    figure, each_axes = panels(f"{name}: classes, {split} split", _subtitle(per_class, len(rows)), size, boxes)
    # Dots need no axis from zero, and the differences are near one.
    least = min(_value(getattr(each, key), 1.0) for _, each in rows for key, *_ in _MARKERS)
    for column, axes in enumerate(each_axes):
        _draw(axes, rows[column * length : (column + 1) * length], length, min(0.9, np.floor(10 * least) / 10))
    handles = [
        Line2D([], [], color=color, linestyle="", marker=marker, markersize=size, label=label)
        for _, label, marker, size, color in _MARKERS
    ]
    legend_above(figure, each_axes[0], handles, columns=len(handles))
    return figure


def _value(metric: float | None, undefined: float = np.nan) -> float:
    """Matplotlib leaves out what is not a number."""
    return undefined if metric is None else metric


def _subtitle(per_class: Sequence[ClassMetrics], shown: int) -> list[str]:
    f1 = np.mean([_value(each.f1, 0.0) for each in per_class if each.support] or [0.0])
    which = f"the worst {shown} of {len(per_class):,} classes" if shown < len(per_class) else f"{shown} classes"
    return [f"{which}, the worst first; mean F1 {f1:.4f}; samples on the right"]


def _draw(axes: Axes, rows: Sequence[tuple[str, ClassMetrics]], length: int, least: float) -> None:
    draw_grid(axes)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(least - 0.04 * (1 - least), 1 + 0.04 * (1 - least))
    axes.set_ylim(length, -1)
    axes.set_yticks([])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
    positions = np.arange(len(rows))
    both = np.array([[_value(each.precision), _value(each.recall)] for _, each in rows])
    axes.hlines(positions, both.min(axis=1), both.max(axis=1), color=PALE, linewidth=0.8)
    for key, label, marker, size, color in _MARKERS:
        values = [_value(getattr(each, key)) for _, each in rows]
        axes.plot(values, positions, color=color, linestyle="", marker=marker, markersize=size, label=label)
    beside = axes.get_yaxis_transform()
    for position, (label, each) in enumerate(rows):
        axes.text(-0.015, position, label, transform=beside, ha="right", va="center", fontsize=_SIZE, color=INK)
        support = f"{each.support:,}"
        axes.text(1.015, position, support, transform=beside, ha="left", va="center", fontsize=_SIZE, color=PALE)
