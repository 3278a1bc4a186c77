"""The validation of several experiments, epoch by epoch, over each other."""

from collections import Counter
from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plots.panels import Box, legend_above, panels
from analysis.plots.runs import Run
from analysis.plots.series import RING, STYLES, draw_axes, draw_series
from analysis.plots.text_layout import shorten

_METRICS = ("val_loss", "val_accuracy")
_PANEL = (3.8, 2.8)  # inches, as what follows
_LEFT, _BELOW, _GAP, _ROW = 0.6, 0.45, 0.15, 0.18
_LABEL, _LABEL_SIZE = 3.0, 8.0
_COLUMNS = 2
_ID_LETTERS = 6  # of its end, which is the random part


def histories_figure(runs: Sequence[Run]) -> Figure:
    """Of 2 to 8 experiments, one line each; all of them have left out as many epochs at the beginning."""
    metrics = [metric for metric in _METRICS if any(run.has(metric) for run in runs)] or [_METRICS[0]]
    columns = min(_COLUMNS, len(metrics))
    pitch = _LEFT + _PANEL[0] + _GAP
    boxes = [Box(number * pitch + _LEFT, _BELOW, *_PANEL) for number in range(len(metrics))]
    size = (len(metrics) * pitch, _BELOW + _PANEL[1] + _ROW * (1 + -(-len(runs) // columns)))
    figure, each_axes = panels(f"histories of {len(runs)} experiments", _described(runs), size, boxes)
    labels = [shorten(label, _LABEL, _LABEL_SIZE) for label in _labels(runs)]
    lines: list[Artist] = []
    for axes, metric in zip(each_axes, metrics, strict=True):
        lines = _draw(axes, runs, metric, labels)
    legend_above(figure, each_axes[0], lines, columns)
    return figure


def _described(runs: Sequence[Run]) -> list[str]:
    skipped = f"; without the first {runs[0].first:,} epochs" if runs[0].first else ""
    return [f"on the validation split of each; the best epoch of each is ringed{skipped}"]


def _labels(runs: Sequence[Run]) -> list[str]:
    """Names, the end of the id before those that are not alone."""
    counts = Counter(run.name for run in runs)
    return [run.name if counts[run.name] == 1 else f"{run.id[-_ID_LETTERS:]} {run.name}" for run in runs]


def _draw(axes: Axes, runs: Sequence[Run], metric: str, labels: Sequence[str]) -> list[Artist]:
    """The lines, one for each run, also where it has no such metric."""
    lines: list[Artist] = []
    for run, style, label in zip(runs, STYLES, labels, strict=False):
        missing: list[float | None] = [None] * (run.end - run.first)
        values = run.history.get(metric, missing)
        lines.append(draw_series(axes, run.first, values, style, label))
        best = None if run.best is None or run.best < run.first else values[run.best - run.first]
        if run.best is not None and best is not None:
            axes.plot(run.best + 1, best, color=style.color, linestyle="", gid="best", **RING)
    draw_axes(axes, metric, runs[0].first, max(run.end for run in runs))
    return lines
