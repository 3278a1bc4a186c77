"""Reliability diagram: the accuracy of a network by its confidence."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.plots.figure import INK, PALE
from analysis.plots.panels import Box, draw_grid, legend_above, panels
from analysis.plots.series import STYLES
from models_store.evaluations.evaluation import Calibration, CalibrationBin

Bins = Sequence[CalibrationBin]
_SIDE, _HISTOGRAM = 3.0, 0.9  # inches, as what follows
_LEFT, _BELOW, _BETWEEN, _GAP, _ABOVE = 0.6, 0.45, 0.18, 0.15, 0.5
_TITLE = 0.22
_FEW = 10  # samples in a bin, too few for a reliable accuracy


def reliability_figure(name: str, split: str, calibration: Calibration) -> Figure:
    """As the network answers and with its temperature, each above a histogram of its confidence."""
    kinds = (
        ("as the network answers", calibration.bins, calibration.error),
        (
            f"with temperature {calibration.temperature:.3f}",
            calibration.tempered_bins,
            calibration.tempered_error,
        ),
    )
    pitch = _LEFT + _SIDE + _GAP
    upper = _BELOW + _HISTOGRAM + _BETWEEN
    diagrams = [Box(number * pitch + _LEFT, upper, _SIDE, _SIDE) for number in range(len(kinds))]
    histograms = [Box(box.left, _BELOW, _SIDE, _HISTOGRAM) for box in diagrams]
    size = (len(kinds) * pitch, upper + _SIDE + _ABOVE)
    title = f"{name}: reliability, {split} split"
    figure, each_axes = panels(title, _subtitle(calibration.bins), size, [*diagrams, *histograms])
    for number, (kind, bins, error) in enumerate(kinds):
        diagram, histogram = each_axes[number], each_axes[number + len(kinds)]
        diagram.set_title(f"{kind}: ECE {error:.4f}", fontsize=9, color=INK, loc="left")
        _draw_diagram(diagram, bins)
        _draw_histogram(histogram, bins)
    each_axes[0].set_ylabel("accuracy", color=INK)
    each_axes[2].set_ylabel("samples, %", color=INK)
    legend_above(figure, each_axes[0], _legend(), columns=3, inches=_TITLE)
    return figure


def _subtitle(bins: Bins) -> list[str]:
    samples = sum(each.samples for each in bins)
    return [
        f"{samples:,} samples, in bins of confidence; below the diagonal the network is overconfident",
        "ECE, the expected calibration error, is the mean distance from the diagonal over all samples",
    ]


def _draw_diagram(axes: Axes, bins: Bins) -> None:
    draw_grid(axes)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.tick_params(labelbottom=False)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.1f}")
    axes.plot((0, 1), (0, 1), color=PALE, linewidth=1.0, linestyle=(0, (4, 2)))
    confidence, accuracy = np.array([(each.confidence, each.accuracy) for each in bins]).T
    few = np.array([each.samples < _FEW for each in bins])
    axes.vlines(confidence, confidence, accuracy, color=STYLES[1].color, linewidth=2.5, alpha=0.45)
    for members, face in ((~few, STYLES[0].color), (few, "white")):
        axes.plot(
            confidence[members],
            accuracy[members],
            color=STYLES[0].color,
            markerfacecolor=face,
            marker="o",
            markersize=5.5,
            linestyle="",
            clip_on=False,
            zorder=3,
        )


def _draw_histogram(axes: Axes, bins: Bins) -> None:
    draw_grid(axes)
    samples = np.array([each.samples for each in bins])
    starts = np.array([each.lower for each in bins])
    widths = np.array([each.upper for each in bins]) - starts
    axes.bar(starts, 100 * samples / samples.sum(), widths, align="edge", color="#b9c6e4", edgecolor="white")
    axes.set(xlim=(0, 1), ylim=(0, 100))
    axes.set_yticks([0, 50, 100])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.1f}")
    axes.set_xlabel("confidence", color=INK)


def _legend() -> list[Line2D]:
    color = STYLES[0].color
    return [
        Line2D([], [], color=color, marker="o", markersize=5, linestyle="", label="accuracy of a bin"),
        Line2D(
            [],
            [],
            color=color,
            markerfacecolor="white",
            marker="o",
            markersize=5,
            linestyle="",
            label=f"of fewer than {_FEW} samples",
        ),
        Line2D([], [], color=STYLES[1].color, linewidth=2.5, alpha=0.45, label="gap"),
    ]
