from typing import Any

import keras
import numpy as np
import pytest

from specs.experiment import ExperimentSpec, parse_spec
from worker.training.compiling import compares_with_indices, compile_model
from worker.training.network import build

IMAGES = np.random.default_rng(0).integers(0, 256, size=(20, 8, 8, 1), dtype=np.uint8)
LABELS = np.arange(20) % 10
MIX = {"layers": [{"type": "MixUp"}]}


def spec_of(activation: str | None = "softmax", augmentation: Any = None, **training: Any) -> ExperimentSpec:
    layers = [{"type": "Flatten"}, {"type": "Dense", "units": 10, "activation": activation}]
    return parse_spec({"model": {"layers": layers}, "training": training, "augmentation": augmentation})


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("SGD", {"momentum": 0.5, "nesterov": True, "weight_decay": 0.01}),
        ("RMSprop", {"rho": 0.8, "centered": True}),
        ("Adam", {"beta_1": 0.8, "amsgrad": True, "clipnorm": 1.0}),
        ("AdamW", {"weight_decay": 0.1, "global_clipnorm": 2.0}),
        ("Nadam", {"beta_2": 0.9, "clipvalue": 0.5}),
        ("Adagrad", {"initial_accumulator_value": 0.5}),
        ("Adadelta", {"rho": 0.9, "epsilon": 1e-5}),
        ("Adamax", {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 5}),
        ("Lion", {"beta_2": 0.9, "gradient_accumulation_steps": 2, "loss_scale_factor": 8.0}),
    ],
)
def test_every_argument_reaches_keras(name: str, arguments: dict[str, Any]) -> None:
    spec = spec_of(optimizer={"type": name, "learning_rate": 0.25, **arguments})
    model = build(spec, IMAGES)
    compile_model(model, spec)

    assert type(model.optimizer) is getattr(keras.optimizers, name)
    assert model.optimizer.get_config().items() >= (arguments | {"learning_rate": 0.25}).items()


@pytest.mark.parametrize(
    "loss",
    [
        "auto",
        {"type": "CategoricalCrossentropy", "label_smoothing": 0.1},
        {"type": "CategoricalFocalCrossentropy"},
        {"type": "MeanSquaredError"},
        {"type": "KLDivergence"},
    ],
)
def test_loss_on_logits_equals_loss_on_their_softmax(loss: Any) -> None:
    losses = []
    for activation in ("softmax", None):
        spec = spec_of(activation, loss=loss)
        model = build(spec, IMAGES)
        compile_model(model, spec)
        targets = LABELS if compares_with_indices(spec) else np.eye(10)[LABELS]
        losses.append(float(model.compute_loss(y=targets, y_pred=model(IMAGES))))

    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_mixed_labels_use_the_categorical_loss() -> None:
    assert compares_with_indices(spec_of())
    assert not compares_with_indices(spec_of(augmentation=MIX))
    assert not compares_with_indices(spec_of(augmentation=MIX, loss={"type": "SparseCategoricalCrossentropy"}))
    assert not compares_with_indices(spec_of(loss={"type": "MeanSquaredError"}))


def test_float16_scales_the_loss() -> None:
    spec = spec_of(precision="mixed_float16")
    model = build(spec, IMAGES)
    compile_model(model, spec, "mixed_float16")

    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001)
