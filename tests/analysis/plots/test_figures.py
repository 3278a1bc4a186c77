"""The texts of plots of specs fit into the figure and do not overlap."""

import re
from functools import partial
from typing import Any

import numpy as np
import pytest

from analysis.plots.augmentation import augmentation_figure
from analysis.plots.augmented_samples import augment_samples
from analysis.plots.figure import render
from analysis.plots.history import history_figure
from analysis.plots.learning_rate import learning_rate_figure
from analysis.plots.preview_samples import draw_test_card
from imaging.resize import to_array
from models_store.experiments.training_samples import Samples
from specs.experiment import ExperimentSpec, parse_spec
from tests.analysis.plots.histories import plotted
from tests.analysis.plots.layout import check

MODEL = {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}
LONG = ("Wwwwwwwwwwwwwwwwwwwwwwww", "$x_$", "<b>&amp;", "ä", "5", "6")
MIXED = {"layers": [{"type": "RandomRotation", "factor": 0.1}, {"type": "CutMix"}, {"type": "MixUp", "alpha": 1.0}]}


def spec_of(**parts: Any) -> ExperimentSpec:
    return parse_spec({"model": MODEL, "name": "W" * 100, **parts})


@pytest.mark.parametrize("size", [[8, 8], [8, 64], [64, 8], [1, 512]])
@pytest.mark.parametrize("augmentation", [None, MIXED])
def test_layout_of_samples(size: list[int], augmentation: dict[str, Any] | None) -> None:
    spec = spec_of(preprocessing={"image_size": size, "color": "rgb"}, augmentation=augmentation)
    height, width, channels = spec.input_shape
    images = np.stack([to_array(draw_test_card(number), (height, width, channels)) for number in range(6)])
    sheet = augment_samples(spec, Samples(images, LONG))
    check(lambda: augmentation_figure(spec, sheet, "training samples of experiment " + "0" * 26))


@pytest.mark.parametrize(
    "rate",
    [
        0.001,
        1e-30,
        1e30,
        {"type": "ExponentialDecay", "initial_learning_rate": 1.0, "decay_rate": 1e-9},
        {"type": "CosineDecay", "initial_learning_rate": 0.123456789},
    ],
)
@pytest.mark.parametrize("epochs", [1, 30, 10_000])
def test_layout_of_learning_rates(rate: Any, epochs: int) -> None:
    spec = spec_of(training={"epochs": epochs, "optimizer": {"type": "SGD", "learning_rate": rate}})
    check(lambda: learning_rate_figure(spec))


def test_layout_of_a_single_step() -> None:
    spec = spec_of(training={"epochs": 1, "batch_size": 1293})
    check(lambda: learning_rate_figure(spec))


def test_svg_has_the_glyphs_of_east_asian_names() -> None:
    name = "고양이猫图圖"
    svg = render(lambda: history_figure(plotted(3, name=name)), "svg").decode()
    assert len(set(re.findall(r'href="#NotoSansCJKjp-Regular-(\w+)"', svg))) == len(name)


def test_png_has_the_glyphs_of_east_asian_names() -> None:
    images = {render(partial(history_figure, plotted(3, name=name)), "png") for name in "猫犬□"}
    assert len(images) == 3
