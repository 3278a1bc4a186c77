"""Plot of the planned learning rate by step."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from analysis.plots.figure import ACCENT, INK, header
from analysis.plots.panels import draw_grid
from specs.experiment import ExperimentSpec

_SIZE = (6.4, 3.0)
# Axes leave room for their labels on the left, at the bottom, and for the epochs at the top.
_INSETS = (0.65, 0.2, 0.55, 0.35)  # left, right, top, bottom, in inches
_POINTS = 2_000
# If the largest rate is this many times the median, a linear axis would show half of the steps as zero.
_WIDE = 20


def learning_rate_figure(spec: ExperimentSpec) -> Figure:
    steps_per_epoch = spec.steps_per_epoch()
    last = spec.training.epochs * steps_per_epoch - 1
    steps, rates = map(np.array, spec.training.learning_rate_schedule(steps_per_epoch).curve(_POINTS))
    figure, axes = header(f"{spec.name}: learning rate", [_subtitle(spec, last + 1)], _SIZE)
    axes.set_position(_inset(figure, axes.get_position().bounds))
    axes.plot(steps, rates, color=ACCENT, linewidth=1.6, drawstyle="steps-post" if last < _POINTS else "default")
    if rates.min() > 0 and rates.max() > _WIDE * np.median(rates):
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(0, float(rates.max()) * 1.08)
    axes.yaxis.set_major_formatter(lambda rate, _: f"{rate:g}")
    axes.set_xlim(0, max(last, 1))
    axes.xaxis.set_major_formatter(lambda step, _: f"{step:,.0f}")
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
    axes.set_xlabel("step", color=INK)
    epochs = axes.secondary_xaxis(
        "top",
        functions=(lambda step: np.asarray(step) / steps_per_epoch, lambda epoch: np.asarray(epoch) * steps_per_epoch),
    )
    epochs.set_xlabel("epoch", color=INK)
    epochs.xaxis.set_major_formatter(lambda epoch, _: f"{epoch:,g}")
    draw_grid(axes)
    return figure


def _subtitle(spec: ExperimentSpec, steps: int) -> str:
    training = spec.training
    rate = training.optimizer.learning_rate
    curve = f"constant {rate:g}" if isinstance(rate, int | float) else rate.type
    length = f"{training.epochs:,} epochs of {spec.steps_per_epoch():,} steps, {steps:,} in total"
    plateau = "; lower after each plateau (reduce_lr_on_plateau)" if training.reduce_lr_on_plateau else ""
    return f"{training.optimizer.type}, {curve}; {length}{plateau}"


def _inset(figure: Figure, bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    width, height = figure.get_size_inches()
    left, right, top, bottom = _INSETS
    return (
        bounds[0] + left / width,
        bounds[1] + bottom / height,
        bounds[2] - (left + right) / width,
        bounds[3] - (top + bottom) / height,
    )
