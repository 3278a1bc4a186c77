"""Plot of loss and accuracy of several experiments by epoch, in validation and in training."""

from collections import Counter
from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plots.panels import Box, legend_above, panels
from analysis.plots.plotted_history import PlottedHistory
from analysis.plots.series import RING, STYLES, draw_axes, draw_series, share_scale
from analysis.plots.text_layout import shorten

_METRICS = ("loss", "accuracy")
_SPLITS = (("val_", "validation"), ("", "training"))
_PANEL = (3.8, 2.5)  # inches, as what follows
_LEFT, _BELOW, _GAP, _ROW = 0.6, 0.45, 0.15, 0.18
_LABEL, _LABEL_SIZE = 3.0, 8.0
_COLUMNS = 2
_ID_LETTERS = 6  # of its end, which is the random part


def histories_figure(histories: Sequence[PlottedHistory]) -> Figure:
    """Of 2 to 8 experiments, one line each; all begin with the same epoch. Validation is above training, on the same
    scale, so that the distance between the two can be seen."""
    splits = [(prefix, split) for prefix, split in _SPLITS if _metrics(histories, prefix)] or [_SPLITS[0]]
    metrics = [metric for metric in _METRICS if any(metric in _metrics(histories, each) for each, _ in splits)]
    metrics = metrics or [_METRICS[0]]
    columns = min(_COLUMNS, len(metrics))
    pitch = (_LEFT + _PANEL[0] + _GAP, _BELOW + _PANEL[1] + _GAP)
    boxes = [
        Box(column * pitch[0] + _LEFT, (len(splits) - 1 - row) * pitch[1] + _BELOW, *_PANEL)
        for row in range(len(splits))
        for column in range(len(metrics))
    ]
    height = len(splits) * pitch[1] - _GAP + _ROW * (1 + -(-len(histories) // columns))
    title = f"histories of {len(histories)} experiments"
    figure, each_axes = panels(title, _subtitle(histories), (len(metrics) * pitch[0], height), boxes)
    labels = [shorten(label, _LABEL, _LABEL_SIZE) for label in _labels(histories)]
    lines: list[Artist] = []
    for column, metric in enumerate(metrics):
        same = each_axes[column :: len(metrics)]
        for axes, (prefix, split) in zip(same, splits, strict=True):
            lines = _draw(axes, histories, prefix + metric, f"{split} {metric}", labels)
        share_scale(same)
    legend_above(figure, each_axes[0], lines, columns)
    return figure


def _metrics(histories: Sequence[PlottedHistory], prefix: str) -> list[str]:
    return [metric for metric in _METRICS if any(each.has(prefix + metric) for each in histories)]


def _subtitle(histories: Sequence[PlottedHistory]) -> list[str]:
    first = histories[0].first
    skipped = f"; without the first {'epoch' if first == 1 else f'{first:,} epochs'}" if first else ""
    marks = {each.mark for each in histories if each.shown_mark is not None}
    ringed = f"; the {' or '.join(sorted(marks, reverse=True))} of each is ringed" if marks else ""
    return [f"validation above training{ringed}{skipped}"]


def _labels(histories: Sequence[PlottedHistory]) -> list[str]:
    """Names; one that several share follows the end of the id."""
    counts = Counter(each.name for each in histories)
    return [each.name if counts[each.name] == 1 else f"{each.id[-_ID_LETTERS:]} {each.name}" for each in histories]


def _draw(
    axes: Axes, histories: Sequence[PlottedHistory], metric: str, name: str, labels: Sequence[str]
) -> list[Artist]:
    """One line for each history, also if it has no such metric."""
    lines: list[Artist] = []
    for history, style, label in zip(histories, STYLES, labels, strict=False):
        missing: list[float | None] = [None] * (history.end - history.first)
        values = history.metrics.get(metric, missing)
        lines.append(draw_series(axes, history.first, values, style, label))
        marked = history.shown_mark
        value = None if marked is None else values[marked - history.first]
        if marked is not None and value is not None:
            axes.plot(marked + 1, value, color=style.color, linestyle="", gid="marked", **RING)
    draw_axes(axes, name, histories[0].first, max(each.end for each in histories))
    return lines
