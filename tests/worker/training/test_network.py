import json
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import onnxruntime
import pytest

from specs.experiment import parse_spec
from specs.keras_names import Activation
from specs.layers import PlainLayer
from specs.presets import PRESETS
from worker.evaluation.calibration import Confidence
from worker.training.compiling import compile_model
from worker.training.export import export
from worker.training.network import build, with_softmax
from worker.training.onnx_compat import exportable_layers
from worker.training.precision import copy_in_float32, set_precision

IMAGES = np.arange(64 * 3, dtype=np.uint8).reshape(3, 8, 8, 1)


def digits(layers: list[dict[str, Any]], scale: str = "unit", **training: Any) -> Any:
    return parse_spec({"preprocessing": {"scale": scale}, "model": {"layers": layers}, "training": training})


FLAT = [{"type": "Flatten"}, {"type": "Dense"}]


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.layers])
def test_preset_has_the_parameters_that_specs_counts(name: str) -> None:
    spec = parse_spec(PRESETS[name].spec, PRESETS[name].datasets)
    model = build(spec, np.zeros((1, *spec.network.input_shape), dtype=np.uint8))

    assert model.count_params() == spec.network.parameters.total
    rows = [(layer.name, tuple(layer.output.shape[1:])) for layer in model.layers[1:]]
    assert rows == [(row.name, tuple(row.output_shape)) for row in spec.network.table]


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("none", lambda pixels: pixels),
        ("unit", lambda pixels: pixels / 255),
        ("centered", lambda pixels: pixels / 127.5 - 1),
        ("standardize", lambda pixels: (pixels - pixels.mean()) / pixels.std()),
    ],
)
def test_scaling_is_part_of_the_network(scale: str, expected: Any) -> None:
    model = build(digits(FLAT, scale), IMAGES)

    scaled = np.asarray(model.layers[0](IMAGES))
    assert np.allclose(scaled, expected(IMAGES.astype(np.float64)), atol=1e-4)


def test_same_seed_gives_the_same_weights() -> None:
    first, again, other = (build(digits(FLAT, seed=seed), IMAGES).get_weights()[0] for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_layer_arguments_reach_keras() -> None:
    layers: list[dict[str, Any]] = [
        {
            "type": "Conv2D",
            "filters": 3,
            "kernel_size": [2, 3],
            "strides": 2,
            "padding": "same",
            "activation": "tanh",
            "use_bias": False,
            "kernel_initializer": "he_normal",
            "kernel_regularizer": {"l2": 0.25},
        },
        {"type": "MaxPooling2D", "pool_size": 2, "strides": 1},
        {"type": "BatchNormalization", "momentum": 0.5, "center": False},
        {"type": "Dropout", "rate": 0.4},
        *FLAT,
    ]
    _, convolution, pooling, normalization, dropout, *_ = build(digits(layers), IMAGES).layers

    assert (convolution.kernel_size, convolution.strides, convolution.padding) == ((2, 3), (2, 2), "same")
    assert (convolution.activation.__name__, convolution.use_bias) == ("tanh", False)
    assert float(convolution.kernel_regularizer.l2) == 0.25
    assert pooling.strides == (1, 1)
    assert (normalization.momentum, normalization.center) == (0.5, False)
    assert dropout.rate == 0.4


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ({"type": "Adam", "learning_rate": 0.01, "beta_1": 0.8}, {"beta_1": 0.8}),
        (
            {"type": "SGD", "learning_rate": 0.01, "momentum": 0.5, "nesterov": True},
            {"momentum": 0.5, "nesterov": True},
        ),
    ],
)
def test_optimizer_arguments_reach_keras(optimizer: dict[str, Any], expected: dict[str, Any]) -> None:
    spec = digits(FLAT, optimizer=optimizer)
    model = build(spec, IMAGES)
    compile_model(model, spec)

    assert type(model.optimizer).__name__ == optimizer["type"]
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)
    assert {name: getattr(model.optimizer, name) for name in expected} == expected


def test_network_without_softmax_is_served_with_one() -> None:
    spec = digits([{"type": "Flatten"}, {"type": "Dense", "units": 10, "activation": None}])
    model = build(spec, IMAGES)

    assert not spec.network.gives_probabilities
    assert np.allclose(np.asarray(with_softmax(model, spec)(IMAGES)).sum(axis=1), 1, atol=1e-5)


def test_keras_document_keeps_names_and_branches() -> None:
    images = keras.Input((8, 8, 1))
    left = keras.layers.Conv2D(4, 3, padding="same", name="left")(images)
    joined = keras.layers.Concatenate(name="joined")([keras.layers.Add(name="sum")([left, left]), left, images])
    original = keras.Model(images, keras.layers.Dense(10, name="answer")(keras.layers.Flatten(name="flat")(joined)))
    spec = parse_spec(
        {
            "preprocessing": {"scale": "none"},
            "model": {"keras": json.loads(original.to_json()), "freeze": 1},
        }
    )
    built = build(spec, IMAGES)
    built.set_weights(original.get_weights())

    assert [layer.name for layer in built.layers[2:]] == ["left", "sum", "joined", "flat", "answer"]
    assert len(built.trainable_weights) == 2
    assert np.allclose(built(IMAGES), original(IMAGES.astype(np.float32)), rtol=1e-4, atol=1e-3)


EVERY_LAYER: list[dict[str, Any]] = [
    {"type": "ZeroPadding2D"},
    {"type": "Conv2D", "filters": 4, "kernel_size": 3},
    {"type": "LayerNormalization"},
    {"type": "LeakyReLU"},
    {
        "type": "Residual",
        "layers": [
            {"type": "SeparableConv2D", "filters": 6, "kernel_size": 3, "strides": 2, "padding": "same"},
            {"type": "BatchNormalization"},
        ],
        "activation": "relu",
    },
    {"type": "DepthwiseConv2D", "kernel_size": 3, "padding": "same"},
    {"type": "ReLU", "max_value": 6.0},
    {"type": "SpatialDropout2D", "rate": 0.1},
    {"type": "MaxPooling2D", "pool_size": 2, "strides": 1},
    {"type": "AveragePooling2D", "pool_size": 2},
    {"type": "Rescaling", "scale": [0.5, 1.0, 1.5, 2.0, 2.5, 3.0], "offset": 1.0},
    {"type": "Normalization", "mean": 0.5, "variance": 4.0},
    {"type": "Activation", "activation": "mish"},
    {"type": "ELU", "alpha": 0.5},
    {"type": "PReLU", "alpha_initializer": {"type": "Constant", "value": 0.1}, "shared_axes": [1, 2]},
    {"type": "UpSampling2D"},
    {"type": "Cropping2D", "cropping": [[1, 0], [0, 1]]},
    {"type": "Permute", "dims": [2, 1, 3]},
    {"type": "GaussianNoise", "stddev": 0.1},
    {"type": "GaussianDropout", "rate": 0.1},
    {"type": "AlphaDropout", "rate": 0.1},
    {"type": "GlobalMaxPooling2D", "keepdims": True},
    {"type": "GlobalAveragePooling2D"},
    {"type": "Flatten"},
    {"type": "Reshape", "target_shape": [-1]},
    {"type": "Dropout", "rate": 0.1, "noise_shape": [None, 1]},
    {"type": "Dense", "units": 10, "activation": None},
    {"type": "Softmax"},
]


def test_list_of_layers_is_complete() -> None:
    layers = [*EVERY_LAYER, *EVERY_LAYER[4]["layers"]]

    assert {each["type"] for each in layers} == {layer.__name__ for layer in PlainLayer.__args__} | {"Residual"}


def test_every_layer_trains_and_exports_with_parity(tmp_path: Path) -> None:
    spec = digits(EVERY_LAYER)
    model = build(spec, IMAGES)
    compile_model(model, spec)
    before = model.get_weights()
    model.train_on_batch(IMAGES, np.arange(3))
    export(model, spec, IMAGES, 1.0, Confidence(0.9, 0.0), tmp_path)

    assert any(not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))
    saved = keras.saving.load_model(tmp_path / "model.keras")
    assert np.allclose(saved(IMAGES), model(IMAGES), atol=1e-6)


def test_float32_copy_of_a_block_has_the_same_weights() -> None:
    model = build(digits([EVERY_LAYER[4], *FLAT]), IMAGES)
    set_precision(model, "mixed_bfloat16")
    twin = copy_in_float32(model)

    assert {layer.compute_dtype for layer in twin.layers} == {"float32"}
    for kept, copied in zip(model.get_weights(), twin.get_weights(), strict=True):
        assert np.array_equal(kept, copied)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # Keras's export, as in worker/training/export.py
def test_every_activation_exports_with_parity(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(0, 2, (16, 6)).astype(np.float32)
    inputs = keras.Input((6,))
    outputs = [keras.layers.Activation(name)(inputs) for name in get_args(Activation)]
    model = keras.Model(inputs, outputs)
    expected = model(values)
    with exportable_layers(model):
        model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])

    answered = session.run(None, {session.get_inputs()[0].name: values})
    for name, ours, theirs in zip(get_args(Activation), expected, answered, strict=True):
        assert np.allclose(ours, theirs, atol=1e-4), name
    assert model.layers[1 + get_args(Activation).index("gelu")].activation is keras.activations.gelu


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_one_unit_for_two_classes_trains_and_exports(activation: str | None, tmp_path: Path) -> None:
    layers = [{"type": "Flatten"}, {"type": "Dense", "units": 1, "activation": activation}]
    spec = parse_spec({"dataset": {"classes": [0, 1]}, "model": {"layers": layers}})
    model = build(spec, IMAGES)
    set_precision(model, "mixed_bfloat16")
    exact = [layer.name for layer in model.layers if layer.compute_dtype == "float32"]
    set_precision(model, "float32")
    compile_model(model, spec)
    losses = [float(model.train_on_batch(IMAGES, np.array([0, 1, 1]))[0]) for _ in range(20)]
    served = with_softmax(copy_in_float32(model), spec)
    answered = np.asarray(served(IMAGES))
    export(served, spec, IMAGES, 1.0, Confidence(0.9, 0.0), tmp_path)

    assert losses[-1] < losses[0]
    assert {"dense", "trainyard_classes"} <= set(exact)
    assert [weight.shape for weight in model.trainable_weights] == [(64, 1), (1,)]
    assert answered.shape == (3, 2)
    assert np.allclose(answered.sum(axis=1), 1, atol=1e-5)
