"""Nothing that is written runs out of the image, or into other writing."""

import numpy as np
import pytest

from analysis.plots import placeholders
from analysis.plots.augmentation import augmentation_figure
from analysis.plots.augmented_samples import sheet_of
from analysis.plots.learning_rate import learning_rate_figure
from imaging.resize import to_array
from models_store.experiments.training_samples import Samples
from specs.experiment import parse_spec
from tests.analysis.plots.layout import check

MODEL = {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}
LONG = ("Wwwwwwwwwwwwwwwwwwwwwwww", "$x_$", "<b>&amp;", "ä", "5", "6")
MIXED = {"layers": [{"type": "RandomRotation", "factor": 0.1}, {"type": "CutMix"}, {"type": "MixUp", "alpha": 1.0}]}


def spec_of(**parts):
    return parse_spec({"model": MODEL, "name": "W" * 100, **parts})


@pytest.mark.parametrize("size", [[8, 8], [8, 64], [64, 8], [1, 512]])
@pytest.mark.parametrize("augmentation", [None, MIXED])
def test_sheets(size, augmentation):
    spec = spec_of(preprocessing={"image_size": size, "color": "rgb"}, augmentation=augmentation)
    images = np.stack([to_array(placeholders.card(place), spec.input_shape) for place in range(6)])
    sheet = sheet_of(spec, Samples(images, LONG))
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
def test_learning_rates(rate, epochs):
    spec = spec_of(training={"epochs": epochs, "optimizer": {"type": "SGD", "learning_rate": rate}})
    check(lambda: learning_rate_figure(spec))


def test_one_step_in_all():
    spec = spec_of(training={"epochs": 1, "batch_size": 1293})
    check(lambda: learning_rate_figure(spec))
