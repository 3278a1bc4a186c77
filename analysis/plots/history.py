"""Loss and accuracy of one experiment, epoch by epoch."""

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.plots.figure import INK, PALE
from analysis.plots.panels import Box, legend_above, panels
from analysis.plots.runs import Run
from analysis.plots.series import RING, STYLES, draw_axes, draw_series

_METRICS = ("loss", "accuracy")
_PARTS = (("", "training", STYLES[0]), ("val_", "validation", STYLES[1]))
_PANEL = (3.5, 2.5)  # inches, as what follows
_LEFT, _BELOW, _GAP, _ROW = 0.6, 0.45, 0.15, 0.2
_MAX_FALLS = 30  # more of them would be a hatching


def history_figure(run: Run) -> Figure:
    metrics = [name for name in _METRICS if run.has(name) or run.has(f"val_{name}")] or [_METRICS[0]]
    pitch = _LEFT + _PANEL[0] + _GAP
    boxes = [Box(number * pitch + _LEFT, _BELOW, *_PANEL) for number in range(len(metrics))]
    # Four entries of a legend are wider than one panel.
    size = (len(metrics) * pitch, _BELOW + _PANEL[1] + _ROW * (1 + 2 // len(metrics)))
    figure, each_axes = panels(f"{run.name}: history", _described(run), size, boxes)
    for axes, metric in zip(each_axes, metrics, strict=True):
        _draw(axes, run, metric)
    legend_above(figure, each_axes[0], _legend(run, each_axes), columns=2 * len(metrics))
    return figure


def _described(run: Run) -> list[str]:
    described = [run.state]
    if run.best is not None:
        described.append(f"best: {run.best_metric} in epoch {run.best + 1:,}")
    if run.first:
        described.append(f"without the first {run.first:,}")
    if len(run.falls) > _MAX_FALLS:
        described.append(f"the learning rate falls {len(run.falls):,} times")
    return ["; ".join(described)]


def _draw(axes: Axes, run: Run, metric: str) -> None:
    for prefix, label, style in _PARTS:
        if run.has(prefix + metric):
            draw_series(axes, run.first, run.history[prefix + metric], style, label)
    draw_axes(axes, metric, run.first, run.end)
    if len(run.falls) <= _MAX_FALLS:
        for epoch in run.falls:
            # Between the last epoch with the old rate and the first with the new one.
            axes.axvline(epoch + 0.5, color=PALE, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1, gid="fall")
    if run.best is None or run.best < run.first:
        return
    axes.axvline(run.best + 1, color=INK, linewidth=0.8, linestyle="-", zorder=1, gid="best")
    for value in run.history.get(f"val_{metric}", [])[run.best - run.first :][:1]:
        if value is not None:
            axes.plot(run.best + 1, value, color=INK, linestyle="", gid="best", **RING)


def _legend(run: Run, each_axes: list[Axes]) -> list[Artist]:
    lines = {str(line.get_label()): line for axes in each_axes for line in axes.lines if line.get_gid() is None}
    handles: list[Artist] = list(lines.values())
    if run.best is not None and run.best >= run.first:
        handles.append(Line2D([], [], color=INK, linewidth=0.8, label="best epoch", **RING))
    if 0 < len(run.falls) <= _MAX_FALLS:
        handles.append(Line2D([], [], color=PALE, linewidth=0.8, linestyle=(0, (2, 2)), label="learning rate falls"))
    return handles
