import pytest

from specs.advice import warnings_for
from specs.experiment import parse_spec

PRESET = {"preset": "digits-cnn"}


def rated(learning_rate: float) -> dict:
    return {"optimizer": {"type": "SGD", "learning_rate": learning_rate}}


@pytest.mark.parametrize(
    ("document", "fragment"),
    [
        ({"preprocessing": {"scale": "none"}, "training": rated(0.1)}, "raw pixels 0-255"),
        ({"training": rated(1e30)}, "learning rate of 1e+30 will almost certainly diverge"),
        ({"training": {"batch_size": 647}}, "only 2 steps"),
        ({"training": {"batch_size": 1293}}, "only 1 step;"),
        ({"training": {"epochs": 201}}, "201 epochs without early stopping"),
        (
            {"model": {"layers": [{"type": "Flatten"}, {"type": "Dense", "activation": "relu"}]}},
            "the last activation is relu",
        ),
        (
            {"model": {"layers": [{"type": "Flatten"}, {"type": "Dense", "activation": None}]}},
            "the last activation is linear",
        ),
    ],
)
def test_warns(document, fragment):
    (warning,) = warnings_for(parse_spec({"model": PRESET, **document}))
    assert fragment in warning


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"preprocessing": {"scale": "none"}, "training": rated(0.01)},
        {"training": rated(0.5)},
        {"training": {"batch_size": 646}},
        {"training": {"epochs": 201, "early_stopping": {}}},
    ],
)
def test_stays_silent(document):
    assert warnings_for(parse_spec({"model": PRESET, **document})) == []


def test_numbers_that_are_no_pixels_are_not_called_raw_pixels():
    layers = {"layers": [{"type": "Dense", "units": 25}, {"type": "Dense"}]}
    document = {"dataset": {"name": "blobs"}, "model": layers, "training": rated(0.1)}
    assert warnings_for(parse_spec(document)) == []
