"""Keras's own spellings of optimizers, losses and layers."""

from typing import Any

import pytest

from specs.experiment import ExperimentSpec, parse_spec


def spec_of(training: dict[str, Any]) -> ExperimentSpec:
    return parse_spec({"model": {"preset": "digits-cnn"}, "training": training})


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("adam", "Adam"),
        ("rmsprop", "RMSprop"),
        ({"type": "sgd", "momentum": 0.9}, "SGD"),
        ({"type": "adam_w"}, "AdamW"),
        ({"class_name": "Nadam", "config": {"name": "nadam", "learning_rate": 0.1}}, "Nadam"),
    ],
)
def test_optimizer_is_known_by_keras_spelling(spelling: Any, expected: str) -> None:
    spec = spec_of({"optimizer": spelling})

    assert spec.training.optimizer.type == expected
    assert parse_spec(spec.document()) == spec


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
        ("mse", "MeanSquaredError"),
        ("kl_divergence", "KLDivergence"),
        ({"type": "categorical_crossentropy", "label_smoothing": 0.1}, "CategoricalCrossentropy"),
    ],
)
def test_loss_is_known_by_keras_spelling(spelling: Any, expected: str) -> None:
    loss: Any = spec_of({"loss": spelling}).training.loss

    assert loss.type == expected


def test_layers_are_known_by_keras_aliases() -> None:
    layers = [
        {"type": "MaxPool2D"},
        {"type": "Residual", "layers": [{"type": "AvgPool2D", "pool_size": 1}]},
        {"type": "GlobalAvgPool2D"},
        {"type": "Dense"},
    ]
    types = [row.type for row in parse_spec({"model": {"layers": layers}}).network.table]

    assert types == ["MaxPooling2D", "AveragePooling2D", "Add", "GlobalAveragePooling2D", "Dense"]


def test_binary_crossentropy_suits_one_unit() -> None:
    layers = [{"type": "Flatten"}, {"type": "Dense", "units": 1}]
    document = {"dataset": {"classes": [0, 1]}, "model": {"layers": layers}}
    spec = parse_spec({**document, "training": {"loss": "binary_crossentropy"}})
    loss: Any = spec.training.loss

    assert loss.type == "BinaryCrossentropy"
    assert spec.network.last_activation == "sigmoid"
