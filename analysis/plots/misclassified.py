"""Wrong samples: each image beside its class and what the network took it for."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from analysis.plots.figure import INK
from analysis.plots.panels import Box, panels
from analysis.plots.text_layout import shorten

_COLUMNS = 4
# Inches, as what follows: an image, beside it a line for its class and one for each guess.
_IMAGE, _TEXT, _GAP = 0.92, 1.5, 0.16
_LINE, _BAR, _PERCENT = 0.23, 0.18, 0.48
_LEAST = 4.0
_SIZE = 7.0  # points
_PIXELS = 128  # of the longer side; more are not seen at this size
_RIGHT, _WRONG = "#f6cf9c", "#c3d4f5"


class Guess(NamedTuple):
    label: str
    probability: float
    right: bool


class Mistake(NamedTuple):
    image: Image.Image
    label: str
    guesses: Sequence[Guess]


def mistakes_figure(name: str, split: str, mistakes: Sequence[Mistake], total: int) -> Figure:
    """In rows of four. Bars are as long as a guess is probable; that of the true class has a tick before its name.
    `total` is how many there are with those that are not shown; labels are as `legible_names` has them."""
    shown = f"{len(mistakes)} of {total:,}; in bold the true class, below it the most probable ones"
    line = shown if mistakes else "there is no such mistake"
    columns = max(1, min(_COLUMNS, len(mistakes)))
    pitch = (_IMAGE + _TEXT + 2 * _GAP, _IMAGE + _GAP)
    rows = -(-len(mistakes) // columns)
    width, height = max(columns * pitch[0] - _GAP, _LEAST), max(rows * pitch[1] - _GAP, _LINE)
    figure, [axes] = panels(f"{name}: mistakes, {split} split", [line, ""], (width, height), [Box(0, 0, width, height)])
    # One unit is an inch, so that bars and letters keep their sizes.
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    corners = [(number % columns * pitch[0], number // columns * pitch[1]) for number in range(len(mistakes))]
    for mistake, corner in zip(mistakes, corners, strict=True):
        _show(axes, mistake.image, corner)
        _write(axes, mistake, corner[0] + _IMAGE + 0.08, corner[1])
    _draw_bars(axes, mistakes, corners)
    return figure


def _show(axes: Axes, image: Image.Image, corner: tuple[float, float]) -> None:
    """The longer side fills its place; small images are shown as the pixels they are."""
    width, height = (_IMAGE * side / max(image.size) for side in image.size)
    image = image if image.mode == "L" else image.convert("RGB")
    if max(image.size) > _PIXELS:
        scale = _PIXELS / max(image.size)
        small = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(small, Image.Resampling.BOX)
    left, top = corner[0] + (_IMAGE - width) / 2, corner[1] + (_IMAGE - height) / 2
    extent = (left, left + width, top + height, top)
    axes.imshow(np.asarray(image), cmap="gray", vmin=0, vmax=255, extent=extent, aspect="auto", interpolation="none")


def _write(axes: Axes, mistake: Mistake, left: float, top: float) -> None:
    label = shorten(mistake.label, _TEXT, _SIZE, "bold")
    axes.text(left, top + _LINE / 2, label, va="center", fontsize=_SIZE, fontweight="bold", color=INK)
    for number, guess in enumerate(mistake.guesses, 1):
        middle = top + (number + 0.5) * _LINE
        mark = "✓ " if guess.right else ""
        name = shorten(mark + guess.label, _TEXT - _PERCENT, _SIZE)
        axes.text(left + 0.04, middle, name, va="center", fontsize=_SIZE, color=INK)
        percent = f"{guess.probability:.1%}"
        axes.text(left + _TEXT, middle, percent, va="center", ha="right", fontsize=_SIZE, color=INK)


def _draw_bars(axes: Axes, mistakes: Sequence[Mistake], corners: Sequence[tuple[float, float]]) -> None:
    bars = [
        (corner[0] + _IMAGE + 0.08, corner[1] + (number + 0.5) * _LINE, guess)
        for mistake, corner in zip(mistakes, corners, strict=True)
        for number, guess in enumerate(mistake.guesses, 1)
    ]
    if bars:
        lefts, middles, guesses = zip(*bars, strict=True)
        axes.barh(
            middles,
            [_TEXT * guess.probability for guess in guesses],
            left=lefts,
            height=_BAR,
            color=[_RIGHT if guess.right else _WRONG for guess in guesses],
            zorder=0.5,
        )
