from typing import Any

import pytest

from specs.advice import warnings_for
from specs.experiment import parse_spec

PRESET = {"preset": "digits-cnn"}


def smoothed(share: float) -> dict[str, Any]:
    return {"type": "CategoricalCrossentropy", "label_smoothing": share}


def rated(learning_rate: float) -> dict[str, Any]:
    return {"optimizer": {"type": "SGD", "learning_rate": learning_rate}}


@pytest.mark.parametrize(
    ("document", "fragment"),
    [
        ({"preprocessing": {"scale": "none"}, "training": rated(0.1)}, "raw pixels 0-255"),
        ({"training": rated(1e30)}, "learning rate of 1e+30 will almost certainly diverge"),
        ({"training": {"batch_size": 647}}, "only 2 steps"),
        ({"training": {"batch_size": 1293}}, "only 1 step;"),
        ({"training": {"epochs": 201}}, "201 epochs without early stopping"),
        ({"training": {"optimizer": {"type": "Adam", "learning_rate": 0.025}}}, "Adam with a learning rate of 0.025"),
        ({"training": rated(1e-9)}, "the weights hardly change"),
        ({"training": {"epochs": 5, "early_stopping": {"patience": 5}}}, "it will never stop"),
        ({"training": {"epochs": 5, "reduce_lr_on_plateau": {"patience": 5}}}, "never lower the learning rate"),
        (
            {"training": {"early_stopping": {"patience": 3}, "reduce_lr_on_plateau": {"patience": 3}}},
            "early_stopping stops after 3 epochs without improvement, before",
        ),
        ({"training": {"loss": smoothed(0.6)}}, "label_smoothing of 0.6 leaves little of the labels to learn from"),
        (
            {"dataset": {"limit_per_class": 184}},
            "limit_per_class of 184 has no effect: no class has more than 183",
        ),
    ],
)
def test_doubtful_training_is_warned_about(document: dict[str, Any], fragment: str) -> None:
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
        {"training": {"optimizer": {"type": "Adadelta", "learning_rate": 1.0}}},
        {"training": {"early_stopping": {"patience": 10}, "reduce_lr_on_plateau": {"patience": 3}}},
        {"training": {"loss": smoothed(0.5)}},
        {"dataset": {"limit_per_class": 183}},
    ],
)
def test_sound_training_has_no_warning(document: dict[str, Any]) -> None:
    assert warnings_for(parse_spec({"model": PRESET, **document})) == []


def test_features_are_not_called_raw_pixels() -> None:
    layers = {"layers": [{"type": "Dense", "units": 25, "activation": "relu"}, {"type": "Dense"}]}
    document = {"dataset": {"name": "blobs"}, "model": layers, "training": rated(0.1)}
    assert warnings_for(parse_spec(document)) == []


@pytest.mark.parametrize("loss", ["BinaryCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy"])
def test_strong_smoothing_of_every_loss_is_warned(loss: str) -> None:
    layers = [{"type": "Flatten"}, {"type": "Dense", "units": 1 if loss == "BinaryCrossentropy" else 2}]
    document = {"dataset": {"classes": [0, 1]}, "model": {"layers": layers}}
    training = {"loss": {"type": loss, "label_smoothing": 0.9}}

    (warning,) = warnings_for(parse_spec({**document, "training": training}))

    assert warning.startswith("label_smoothing of 0.9 leaves little")
