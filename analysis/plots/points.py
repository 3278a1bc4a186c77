"""Points in the plane, by class."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.plots.figure import INK
from analysis.plots.panels import Box, draw_grid, panels
from analysis.plots.series import STYLES
from specs.problem import quantity

_SIDE, _LEFT, _BELOW, _RIGHT = 4.5, 0.6, 0.45, 1.2  # inches


def points_figure(name: str, points: NDArray[np.float32], labels: NDArray[np.int64], classes: Sequence[str]) -> Figure:
    """`points` (n, 2), with `labels` (n,), the indices of their `classes`; a color and a marker for each class."""
    size = (_LEFT + _SIDE + _RIGHT, _BELOW + _SIDE)
    lines = [f"{quantity(len(points), 'point')}, with the values of a new experiment's spec"]
    figure, [axes] = panels(f"{name}: samples", lines, size, [Box(_LEFT, _BELOW, _SIDE, _SIDE)])
    draw_grid(axes)
    for label, class_name in enumerate(classes):
        style, own = STYLES[label % len(STYLES)], points[labels == label]
        if len(own):
            axes.scatter(own[:, 0], own[:, 1], s=14, c=style.color, marker=style.marker, label=class_name, alpha=0.7)
    axes.set_xlabel("feature 0", color=INK)
    axes.set_ylabel("feature 1", color=INK)
    if len(points):
        axes.legend(title="class", loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, fontsize=8)
    return figure
