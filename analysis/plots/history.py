"""Plot of the loss and accuracy of one experiment by epoch."""

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.plots.figure import INK, PALE
from analysis.plots.panels import Box, legend_above, panels
from analysis.plots.plotted_history import PlottedHistory
from analysis.plots.series import RING, STYLES, draw_axes, draw_series

_METRICS = ("loss", "accuracy")
_SPLITS = (("", "training", STYLES[0]), ("val_", "validation", STYLES[1]))
_PANEL = (3.5, 2.5)  # inches, as what follows
_LEFT, _BELOW, _GAP, _ROW = 0.6, 0.45, 0.15, 0.2
_MAX_DROPS = 30  # more lines are indistinguishable


def history_figure(history: PlottedHistory) -> Figure:
    metrics = [name for name in _METRICS if history.has(name) or history.has(f"val_{name}")] or [_METRICS[0]]
    pitch = _LEFT + _PANEL[0] + _GAP
    boxes = [Box(column * pitch + _LEFT, _BELOW, *_PANEL) for column in range(len(metrics))]
    # Four entries of a legend are wider than one panel.
    size = (len(metrics) * pitch, _BELOW + _PANEL[1] + _ROW * (1 + 2 // len(metrics)))
    figure, each_axes = panels(f"{history.name}: history", _subtitle(history), size, boxes)
    for axes, metric in zip(each_axes, metrics, strict=True):
        _draw(axes, history, metric)
    legend_above(figure, each_axes[0], _legend(history, each_axes), columns=2 * len(metrics))
    return figure


def _subtitle(history: PlottedHistory) -> list[str]:
    parts = [history.state]
    if history.marked is not None:
        metric = f": {history.marked_metric}" if history.marked_metric else ""
        parts.append(f"{history.mark} {history.marked + 1:,}{metric}")
    if history.first:
        parts.append(f"without the first {history.first:,}")
    if len(history.drops) > _MAX_DROPS:
        parts.append(f"the learning rate drops {len(history.drops):,} times")
    return ["; ".join(parts)]


def _draw(axes: Axes, history: PlottedHistory, metric: str) -> None:
    for prefix, label, style in _SPLITS:
        if history.has(prefix + metric):
            draw_series(axes, history.first, history.metrics[prefix + metric], style, label)
    draw_axes(axes, metric, history.first, history.end)
    if len(history.drops) <= _MAX_DROPS:
        for epoch in history.drops:
            # Between the last epoch with the old rate and the first with the new one.
            axes.axvline(epoch + 0.5, color=PALE, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1, gid="drop")
    marked = history.shown_mark
    if marked is None:
        return
    axes.axvline(marked + 1, color=INK, linewidth=0.8, linestyle="-", zorder=1, gid="marked")
    for value in history.metrics.get(f"val_{metric}", [])[marked - history.first :][:1]:
        if value is not None:
            axes.plot(marked + 1, value, color=INK, linestyle="", gid="marked", **RING)


def _legend(history: PlottedHistory, each_axes: list[Axes]) -> list[Artist]:
    lines = {str(line.get_label()): line for axes in each_axes for line in axes.lines if line.get_gid() is None}
    handles: list[Artist] = list(lines.values())
    if history.shown_mark is not None:
        handles.append(Line2D([], [], color=INK, linewidth=0.8, label=history.mark, **RING))
    if 0 < len(history.drops) <= _MAX_DROPS:
        handles.append(Line2D([], [], color=PALE, linewidth=0.8, linestyle=(0, (2, 2)), label="learning rate drops"))
    return handles
