"""Typed access to the lines and bars of axes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle


def xs_of(line: Line2D) -> list[float]:
    values: list[float] = np.asarray(line.get_xdata(), dtype=np.float64).tolist()
    return values


def ys_of(line: Line2D) -> list[float]:
    values: list[float] = np.asarray(line.get_ydata(), dtype=np.float64).tolist()
    return values


def bars_of(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]
