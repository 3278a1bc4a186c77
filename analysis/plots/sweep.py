"""Plots of a sweep: its trials over time, parallel coordinates, slices, a contour, the importance of dimensions."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from analysis.plots.figure import ACCENT, INK, PALE, header
from analysis.plots.panels import Box, draw_frame, draw_grid, legend_above, panels
from analysis.plots.text_layout import shorten
from analysis.sweeps import SweepView, TrialView

Kind = Literal["history", "parallel", "slices", "contour", "importance"]
_PANEL = (2.6, 2.2)  # inches, as what follows
_WIDE = (6.4, 3.0)
_LEFT, _BELOW, _GAP, _ROW = 0.65, 0.5, 0.2, 0.25
_COLUMNS = 3
_MAX_DIMENSIONS = 12  # of a plot
_MAX_LABEL = 1.2
_PRUNED: dict[str, Any] = {"marker": "x", "color": PALE, "linewidths": 1.0}
_COLORS = "viridis"


def sweep_figure(sweep: SweepView, kind: Kind) -> Figure:
    draw: dict[Kind, Callable[[SweepView], Figure]] = {
        "history": _history,
        "parallel": _parallel,
        "slices": _slices,
        "contour": _contour,
        "importance": _importance,
    }
    return draw[kind](sweep)


class _Scale(NamedTuple):
    """A dimension as numbers: places of named values, or the values themselves."""

    name: str
    values: NDArray[np.float64]
    labels: list[str] | None
    is_log: bool


def _shown(sweep: SweepView) -> list[TrialView]:
    """The trials of the search that have a value."""
    return [trial for trial in sweep.trials if trial.value is not None and trial.repeat_of is None]


def _values(trials: Sequence[TrialView]) -> NDArray[np.float64]:
    return np.array([trial.value for trial in trials], dtype=np.float64)


def _names(trials: Sequence[TrialView], sweep: SweepView) -> list[str]:
    """The dimensions, the most important first."""
    names = list(dict.fromkeys(name for trial in trials for name in trial.point))
    shares = sweep.importance or {}
    return sorted(names, key=lambda name: -shares.get(name, 0.0))[:_MAX_DIMENSIONS]


def _scale(name: str, trials: Sequence[TrialView]) -> _Scale:
    raw = [trial.point.get(name) for trial in trials]
    if all(type(each) in (int, float) for each in raw):
        numbers = np.array(raw, dtype=np.float64)
        is_wide = bool(len(numbers)) and numbers.min() > 0 and numbers.max() >= 10 * numbers.min()
        return _Scale(name, numbers, None, is_wide)
    texts = [_text(each) for each in raw]
    labels = list(dict.fromkeys(texts))
    return _Scale(name, np.array([labels.index(each) for each in texts], dtype=np.float64), labels, False)


def _text(value: Any) -> str:
    """Of an object, its type first: `SGD, momentum 0.9`."""
    if isinstance(value, dict):
        others = (f"{name} {_text(each)}" for name, each in value.items() if name != "type")
        return ", ".join([str(value["type"]), *others] if "type" in value else others)
    return value if isinstance(value, str) else json.dumps(value)


def _short(name: str) -> str:
    return ".".join(name.split(".")[-2:])


def _subtitle(sweep: SweepView) -> list[str]:
    counts = ", ".join(f"{number} {status}" for status, number in sweep.counts.items()) or "no trials yet"
    return [f"{sweep.method}; {counts}", *([sweep.conclusion] if sweep.conclusion else [])]


def _empty(sweep: SweepView, kind: str, reason: str) -> Figure:
    figure, axes = header(f"{sweep.name}: {kind}", _subtitle(sweep), (_WIDE[0], 0.6))
    axes.set_axis_off()
    axes.text(0.5, 0.5, reason, transform=axes.transAxes, ha="center", va="center", color=PALE)
    return figure


def _history(sweep: SweepView) -> Figure:
    trials = _shown(sweep)
    if not trials:
        return _empty(sweep, "trials", "no trial has a value yet")
    size = (_LEFT + _WIDE[0], _BELOW + _WIDE[1] + _ROW)
    figure, [axes] = panels(f"{sweep.name}: trials", _subtitle(sweep), size, [Box(_LEFT, _BELOW, *_WIDE)])
    draw_grid(axes)
    for is_pruned, style in ((True, _PRUNED), (False, {"marker": "o", "color": ACCENT})):
        some = [trial for trial in trials if (trial.status == "pruned") is is_pruned]
        label = "stopped early" if is_pruned else "trained"
        if some:
            axes.scatter([each.number for each in some], _values(some), s=18, label=label, **style)
    if sweep.best_so_far:
        ordered = sorted(sweep.best_so_far, key=lambda each: each.number)
        is_up = sweep.metric == "val_accuracy"
        steps = (np.maximum if is_up else np.minimum).accumulate([each.value for each in ordered])
        end = max(trial.number for trial in trials)
        axes.step([*(each.number for each in ordered), end], [*steps, steps[-1]], where="post", color=INK, label="best")
    axes.set_xlabel("trial", color=INK)
    axes.set_ylabel(sweep.metric, color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    handles, _ = axes.get_legend_handles_labels()
    legend_above(figure, axes, handles, columns=3)
    return figure


def _slices(sweep: SweepView) -> Figure:
    trials = _shown(sweep)
    if not trials:
        return _empty(sweep, "slices", "no trial has a value yet")
    names = _names(trials, sweep)
    columns = min(_COLUMNS, len(names))
    rows = -(-len(names) // columns)
    pitch = (_LEFT + _PANEL[0], _BELOW + _PANEL[1] + _GAP)
    boxes = [
        Box(index % columns * pitch[0] + _LEFT, (rows - 1 - index // columns) * pitch[1] + _BELOW, *_PANEL)
        for index in range(len(names))
    ]
    size = (columns * pitch[0], rows * pitch[1])
    figure, each_axes = panels(f"{sweep.name}: value by dimension", _subtitle(sweep), size, boxes)
    is_pruned = np.array([trial.status == "pruned" for trial in trials])
    values = _values(trials)
    for index, (axes, name) in enumerate(zip(each_axes, names, strict=True)):
        scale = _scale(name, trials)
        draw_grid(axes)
        axes.scatter(scale.values[is_pruned], values[is_pruned], s=14, **_PRUNED)
        axes.scatter(scale.values[~is_pruned], values[~is_pruned], s=18, color=ACCENT)
        _label_axis(axes, scale)
        if index % columns == 0:
            axes.set_ylabel(sweep.metric, color=INK)
    return figure


def _label_axis(axes: Axes, scale: _Scale) -> None:
    axes.set_xlabel(shorten(_short(scale.name), _PANEL[0], 9.0), color=INK)
    if scale.labels is not None:
        texts = [shorten(each, _PANEL[0] / max(1, len(scale.labels)), 8.0) for each in scale.labels]
        axes.set_xticks(range(len(texts)), texts)
        axes.set_xlim(-0.5, len(texts) - 0.5)
    elif scale.is_log:
        axes.set_xscale("log")
        _format_log(axes.xaxis)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))


def _format_log(axis: Axis) -> None:
    axis.set_major_formatter(lambda value, _: f"{value:.4g}")
    axis.set_minor_formatter(NullFormatter())


def _parallel(sweep: SweepView) -> Figure:
    """A line for each trial, through its value of each dimension; the darker its color, the worse its result."""
    trials = sorted(_shown(sweep), key=lambda each: each.value or 0.0, reverse=sweep.metric != "val_accuracy")
    if not trials:
        return _empty(sweep, "parallel coordinates", "no trial has a value yet")
    scales = [_scale(name, trials) for name in _names(trials, sweep)]
    values = _values(trials)
    scales.append(_Scale(sweep.metric, values, None, False))
    width = max(_WIDE[0], 1.3 * len(scales))
    size = (_LEFT + width + _LEFT, _BELOW + _WIDE[1])
    title = f"{sweep.name}: parallel coordinates"
    figure, [axes] = panels(title, _subtitle(sweep), size, [Box(_LEFT, _BELOW, width, _WIDE[1])])
    order = np.argsort(np.argsort(values if sweep.metric == "val_accuracy" else -values))
    colors = ScalarMappable(Normalize(0, max(1, len(trials) - 1)), _COLORS)
    places = np.stack([_normalized(scale) for scale in scales], axis=1)
    for trial, line, rank in zip(trials, places, order, strict=True):
        is_faint = trial.status == "pruned"
        axes.plot(line, color=colors.to_rgba(rank), linewidth=1.2, alpha=0.25 if is_faint else 0.9)
    for place, scale in enumerate(scales):
        axes.axvline(place, color=PALE, linewidth=0.8, zorder=0)
        for at, text in _ends(scale):
            axes.annotate(text, (place, at), (3, 0), textcoords="offset points", va="center", fontsize=7, color=INK)
    axes.set_xticks(range(len(scales)), [shorten(_short(each.name), _MAX_LABEL, 8.0) for each in scales])
    axes.yaxis.set_major_locator(NullLocator())
    axes.set_xlim(-0.2, len(scales) - 0.6)
    axes.set_ylim(-0.06, 1.06)
    draw_frame(axes)
    return figure


def _normalized(scale: _Scale) -> NDArray[np.float64]:
    """From 0 to 1."""
    numbers = np.log(scale.values) if scale.is_log else scale.values
    low, high = numbers.min(), numbers.max()
    normalized: NDArray[np.float64] = (numbers - low) / (high - low) if high > low else np.full_like(numbers, 0.5)
    return normalized


def _ends(scale: _Scale) -> list[tuple[float, str]]:
    """Where on the axis which text stands."""
    if scale.labels is not None:
        last = max(1, len(scale.labels) - 1)
        alone = len(scale.labels) == 1
        return [(0.5 if alone else at / last, shorten(each, _MAX_LABEL, 7.0)) for at, each in enumerate(scale.labels)]
    low, high = scale.values.min(), scale.values.max()
    return [(0.5, f"{low:.4g}")] if low == high else [(0.0, f"{low:.4g}"), (1.0, f"{high:.4g}")]


def _contour(sweep: SweepView) -> Figure:
    """The trials at the two most important dimensions, colored by their result."""
    trials = _shown(sweep)
    names = _names(trials, sweep)[:2]
    if len(names) < 2:
        return _empty(sweep, "contour", "needs two dimensions and a trial with a value")
    size = (_LEFT + _WIDE[0] * 0.8 + 0.6, _BELOW + _WIDE[1])
    figure, [axes] = panels(
        f"{sweep.name}: {_short(names[0])} and {_short(names[1])}",
        _subtitle(sweep),
        size,
        [Box(_LEFT, _BELOW, _WIDE[0] * 0.8, _WIDE[1])],
    )
    draw_grid(axes)
    horizontal, vertical = (_scale(name, trials) for name in names)
    values = _values(trials)
    if horizontal.labels is None and vertical.labels is None and _spans_an_area(horizontal, vertical):
        axes.tricontourf(horizontal.values, vertical.values, values, levels=8, cmap=_COLORS, alpha=0.35)
    points = axes.scatter(
        horizontal.values, vertical.values, c=values, cmap=_COLORS, s=24, edgecolors=INK, linewidths=0.4
    )
    figure.colorbar(points, ax=axes, label=sweep.metric)
    _label_axis(axes, horizontal)
    axes.set_ylabel(shorten(_short(vertical.name), _WIDE[1], 9.0), color=INK)
    if vertical.labels is not None:
        axes.set_yticks(range(len(vertical.labels)), [shorten(each, 0.5, 8.0) for each in vertical.labels])
    elif vertical.is_log:
        axes.set_yscale("log")
        _format_log(axes.yaxis)
    return figure


def _spans_an_area(horizontal: _Scale, vertical: _Scale) -> bool:
    """Whether triangles can be drawn between the points."""
    points = np.unique(np.stack([_normalized(horizontal), _normalized(vertical)], axis=1), axis=0)
    return len(points) > 3 and bool(np.linalg.matrix_rank(points - points[0], tol=1e-6) == 2)


def _importance(sweep: SweepView) -> Figure:
    if not sweep.importance:
        return _empty(sweep, "importance", "not known before ten trials have succeeded, with different results")
    ordered = sorted(sweep.importance.items(), key=lambda pair: pair[1])[-_MAX_DIMENSIONS:]
    height = 0.3 * len(ordered) + 0.2
    left = 2.2
    figure, [axes] = panels(
        f"{sweep.name}: importance of dimensions (PED-ANOVA)",
        _subtitle(sweep),
        (left + _WIDE[0] * 0.7, _BELOW + height),
        [Box(left, _BELOW, _WIDE[0] * 0.7, height)],
    )
    draw_grid(axes)
    names = [shorten(_short(name), left - 0.1, 8.0) for name, _ in ordered]
    axes.barh(names, [share for _, share in ordered], color=ACCENT, height=0.6)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    return figure
