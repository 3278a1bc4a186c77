"""Plot of misclassified samples: each image with its true class and the most probable ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from analysis.misclassified import Label, Selection
from analysis.plots.figure import INK
from analysis.plots.panels import Box, panels
from analysis.plots.text_layout import legible_names, shorten
from analysis.sample_images import SampleImages
from models_store.predictions.class_probability import ClassProbability

_COLUMNS = 4
# Inches, as what follows: an image, beside it a line for its class and one for each guess.
_IMAGE, _TEXT, _GAP = 0.92, 1.5, 0.16
_LINE, _BAR, _PERCENT = 0.23, 0.18, 0.48
_MIN_WIDTH = 4.0
_SIZE = 7.0  # points
_PIXELS = 128  # of the longer side; more cannot be seen at this size
_RIGHT, _WRONG = "#f6cf9c", "#c3d4f5"


class PlottedSample(NamedTuple):
    """Names of classes are legible, as `legible_names` makes them."""

    image: Image.Image
    true: Label
    guesses: Sequence[ClassProbability]


def plotted_samples(selection: Selection, images: SampleImages) -> list[PlottedSample]:
    """Raises NotFound if an image is unavailable."""
    legible = selection._replace(labels=legible_names(selection.labels))
    return [PlottedSample(images.image(row), legible.true(row), legible.top(row)) for row in legible.rows]


def misclassified_figure(name: str, split: str, samples: Sequence[PlottedSample], total: int) -> Figure:
    """In rows of four. The length of a bar is the probability of a guess; the true class among the guesses is ticked.
    `total` counts the samples with those that are not shown."""
    line = f"{len(samples)} of {total:,}; the true class is on top, the most probable ones are below it"
    columns = max(1, min(_COLUMNS, len(samples)))
    pitch = (_IMAGE + _TEXT + 2 * _GAP, _IMAGE + _GAP)
    rows = -(-len(samples) // columns)
    width, height = max(columns * pitch[0] - _GAP, _MIN_WIDTH), max(rows * pitch[1] - _GAP, _LINE)
    lines = [line if samples else "no misclassified sample matches", ""]
    box = Box(0, 0, width, height)
    figure, [axes] = panels(f"{name}: misclassified, {split} split", lines, (width, height), [box])
    # One unit is an inch, so that bars and letters keep their sizes.
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    corners = [(number % columns * pitch[0], number // columns * pitch[1]) for number in range(len(samples))]
    for sample, corner in zip(samples, corners, strict=True):
        _show(axes, sample.image, corner)
        _write(axes, sample, corner[0] + _IMAGE + 0.08, corner[1])
    _draw_bars(axes, samples, corners)
    return figure


def _show(axes: Axes, image: Image.Image, corner: tuple[float, float]) -> None:
    """The longer side fills the cell; the pixels of small images stay visible."""
    width, height = (_IMAGE * side / max(image.size) for side in image.size)
    image = image if image.mode == "L" else image.convert("RGB")
    if max(image.size) > _PIXELS:
        scale = _PIXELS / max(image.size)
        small = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(small, Image.Resampling.BOX)
    left, top = corner[0] + (_IMAGE - width) / 2, corner[1] + (_IMAGE - height) / 2
    extent = (left, left + width, top + height, top)
    axes.imshow(np.asarray(image), cmap="gray", vmin=0, vmax=255, extent=extent, aspect="auto", interpolation="none")


def _write(axes: Axes, sample: PlottedSample, left: float, top: float) -> None:
    label = shorten(sample.true.label, _TEXT, _SIZE, "bold")
    axes.text(left, top + _LINE / 2, label, va="center", fontsize=_SIZE, fontweight="bold", color=INK)
    for number, guess in enumerate(sample.guesses, 1):
        middle = top + (number + 0.5) * _LINE
        mark = "✓ " if guess.index == sample.true.index else ""
        name = shorten(mark + guess.label, _TEXT - _PERCENT, _SIZE)
        axes.text(left + 0.04, middle, name, va="center", fontsize=_SIZE, color=INK)
        percent = f"{guess.probability:.1%}"
        axes.text(left + _TEXT, middle, percent, va="center", ha="right", fontsize=_SIZE, color=INK)


def _draw_bars(axes: Axes, samples: Sequence[PlottedSample], corners: Sequence[tuple[float, float]]) -> None:
    bars = [
        (
            corner[0] + _IMAGE + 0.08,
            corner[1] + (number + 0.5) * _LINE,
            guess.probability,
            guess.index == sample.true.index,
        )
        for sample, corner in zip(samples, corners, strict=True)
        for number, guess in enumerate(sample.guesses, 1)
    ]
    if bars:
        lefts, middles, probabilities, is_right = zip(*bars, strict=True)
        axes.barh(
            middles,
            [_TEXT * probability for probability in probabilities],
            left=lefts,
            height=_BAR,
            color=[_RIGHT if right else _WRONG for right in is_right],
            zorder=0.5,
        )
