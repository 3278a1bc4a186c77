"""The networks that the trainer builds of Keras documents, against those that Keras itself loads from them."""

import copy
import json
import os
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.legacy.saving import saving_utils
from keras.src.legacy.saving.serialization import serialize_keras_object
from keras.src.saving import serialization_lib

from specs.experiment import ExperimentSpec, parse_spec
from worker.training.network import build, flatten_layers, is_own

kl = keras.layers
# Each takes seconds to build: the others are compared with KERAS_APPLICATIONS=all.
APPLICATIONS = {
    "MobileNet": 32,
    "MobileNetV3Small": 32,
    "ResNet50": 32,
}
MORE_APPLICATIONS = {
    **dict.fromkeys(("MobileNetV2", "MobileNetV3Large", "ResNet50V2", "ResNet101", "ResNet101V2"), 32),
    **dict.fromkeys(("DenseNet121", "DenseNet169", "DenseNet201", "VGG16", "VGG19", "NASNetMobile"), 32),
    **dict.fromkeys((f"EfficientNetB{number}" for number in range(7)), 32),
    **dict.fromkeys((f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S")), 32),
    **dict.fromkeys(("ConvNeXtTiny", "ConvNeXtSmall"), 32),
    "Xception": 71,
    "InceptionV3": 75,
}
if os.environ.get("KERAS_APPLICATIONS") == "all":
    APPLICATIONS |= MORE_APPLICATIONS


def images(shape: tuple[int, ...], count: int = 2) -> Any:
    return np.random.default_rng(1).integers(0, 256, (count, *shape), dtype=np.uint8)


def cifar(document: Any, side: int = 32, **rest: Any) -> ExperimentSpec:
    return parse_spec(
        {
            "dataset": {"name": "cifar10"},
            "preprocessing": {"image_size": [side, side], "scale": "none"},
            "model": {"keras": document},
            "training": {"batch_size": 2},
        }
        | rest
    )


def digits(document: Any, classes: int = 10) -> ExperimentSpec:
    return parse_spec(
        {
            "dataset": {"classes": list(range(classes))},
            "preprocessing": {"scale": "none"},
            "model": {"keras": document},
        }
    )


def randomize(model: Any) -> None:
    """Weights at which no layer is neutral, unlike their initial zeros and ones, and outputs stay moderate."""
    generator = np.random.default_rng(2)
    weights = []
    for weight in model.get_weights():
        scale = np.sqrt(1 / np.prod(weight.shape[:-1])) if weight.ndim > 1 else 0.1
        weights.append(generator.normal(0.0 if weight.ndim > 1 else 0.8, scale, weight.shape))
    model.set_weights(weights)


def copy_weights(original: Any, ours: Any) -> None:
    """Layer by layer, in the order of both. A kernel may have another shape of as many values."""
    theirs = [layer for layer in flatten_layers(original) if layer.weights]
    layers = {layer.name: layer for layer in flatten_layers(ours) if layer.weights and not is_own(layer)}
    assert len(layers) == len(theirs)
    for layer in theirs:
        twin = layers[layer.name]
        shapes = [weight.shape for weight in twin.get_weights()]
        twin.set_weights([one.reshape(shape) for one, shape in zip(layer.get_weights(), shapes, strict=True)])


def assert_same_network(original: Any, spec: ExperimentSpec) -> None:
    samples = images(spec.input_shape)
    ours = build(spec, samples)
    randomize(original)
    copy_weights(original, ours)

    received = samples.reshape(-1, *spec.network.input_shape).astype(np.float32)
    expected = np.asarray(original(received, training=False))
    answered = np.asarray(ours(samples, training=False))
    if spec.network.is_binary:
        answered = answered[:, 1:]
    assert np.allclose(answered, expected, rtol=1e-3, atol=1e-4)
    assert spec.network.parameters.total == original.count_params()
    trainable = sum(int(np.prod(weight.shape)) for weight in original.trainable_weights)
    assert spec.network.parameters.trainable == trainable


def document_of(model: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(model.to_json())
    return document


def keras_2_document(model: Any) -> dict[str, Any]:
    """As Keras 2 writes it: no modules, plain dtypes, lists of histories, `batch_input_shape`, lists as `axis`."""
    keras.src.backend.common.global_state.set_global_attribute("use_legacy_config", True)
    try:
        config = model.get_config()
    finally:
        keras.src.backend.common.global_state.set_global_attribute("use_legacy_config", False)
    document = {"class_name": type(model).__name__, "config": config, "keras_version": "2.4.0", "backend": "tensorflow"}
    return _in_keras_2(json.loads(json.dumps(document, default=serialize_keras_object)))  # type: ignore[no-any-return]


def _in_keras_2(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_keras_2(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "DTypePolicy":
        return value["config"]["name"]
    if value.get("class_name") == "__keras_tensor__":
        return [*value["config"]["keras_history"], {}]
    if set(value) == {"args", "kwargs"}:
        args = _in_keras_2(value["args"])
        return args[0] if isinstance(args[0][0], list) else args
    old = {name: _in_keras_2(each) for name, each in value.items() if name not in ("module", "registered_name")}
    if "batch_shape" in old:
        old["batch_input_shape"] = old.pop("batch_shape")
        old.pop("optional", None)
    if type(old.get("axis")) is int:
        old["axis"] = [old["axis"]]
    if old.get("class_name") == "GlorotUniform":
        arguments = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}
        return {"class_name": "VarianceScaling", "config": arguments}
    return old


@pytest.mark.parametrize("name", APPLICATIONS)
def test_application_computes_as_in_keras(name: str) -> None:
    side = APPLICATIONS[name]
    model = getattr(keras.applications, name)(weights=None, classes=10, input_shape=(side, side, 3))

    assert_same_network(model, cifar(document_of(model), side))


def beginners() -> dict[str, Any]:
    """What tutorials and course notes show."""
    return {
        "quickstart": [keras.Input((8, 8)), kl.Flatten(), kl.Dense(16, "relu"), kl.Dropout(0.2), kl.Dense(10)],
        "row of pixels": [keras.Input((64,)), kl.Dense(16, "relu"), kl.Dense(10, "softmax")],
        "reshape": [keras.Input((64,)), kl.Reshape((8, 8, 1)), kl.Conv2D(4, 3), kl.Flatten(), kl.Dense(10, "softmax")],
        "rows": [keras.Input((8, 8)), kl.Dense(4, "relu"), kl.Flatten(), kl.Dense(10, "softmax")],
        "activations": [
            keras.Input((8, 8, 1)),
            kl.Conv2D(4, 3, activation=kl.LeakyReLU(0.2)),
            kl.PReLU(shared_axes=[1, 2]),
            kl.ELU(0.5),
            kl.ReLU(6.0, 0.1, 0.5),
            kl.Permute((2, 1, 3)),
            kl.Cropping2D(((1, 0), (0, 1))),
            kl.UpSampling2D(2),
            kl.GaussianNoise(0.1),
            kl.Normalization(mean=[0.5, 1.0, 1.5, 2.0], variance=[1.0, 2.0, 3.0, 4.0]),
            kl.Rescaling([0.5, 1.0, 1.5, 2.0], 1.0),
            kl.Flatten(),
            kl.Dense(10, "softmax"),
        ],
        "nested": [
            keras.Input((8, 8, 1)),
            keras.Sequential([kl.Rescaling(1 / 255), kl.Conv2D(4, 3, activation="relu", name="conv")], name="first"),
            keras.Sequential([kl.Conv2D(4, 3, activation="relu", name="conv_again"), kl.MaxPooling2D()], name="second"),
            kl.Flatten(),
            kl.Dense(10, kernel_initializer=keras.initializers.RandomNormal(0.0, 0.01, seed=3)),
        ],
        "frozen": [
            keras.Input((8, 8, 1)),
            frozen(keras.Sequential([keras.Input((8, 8, 1)), kl.Conv2D(4, 3), kl.BatchNormalization(axis=3)])),
            kl.Flatten(),
            kl.Dense(8, "relu", trainable=False),
            kl.BatchNormalization(axis=1),
            kl.Dense(10),
        ],
    }


def frozen(model: Any) -> Any:
    model.trainable = False
    return model


@pytest.mark.parametrize("name", ["quickstart", "row of pixels", "reshape", "rows", "activations", "nested", "frozen"])
@pytest.mark.parametrize("release", [2, 3])
def test_beginners_network_computes_as_in_keras(name: str, release: int) -> None:
    model = keras.Sequential(beginners()[name])
    document = document_of(model) if release == 3 else keras_2_document(model)

    assert_same_network(model, digits(document))


def functional(base: Any) -> Any:
    """A base model with a head, as in every tutorial on transfer learning."""
    inputs = keras.Input((8, 8, 1))
    scaled = kl.Rescaling(1 / 127.5, -1.0)(inputs)
    features = kl.GlobalAveragePooling2D()(base(scaled, training=False))
    shifted = (features + 3.0) * 0.5 - 1.0
    merged = kl.Concatenate(axis=1)([kl.Minimum()([features, shifted]), kl.Multiply()([features, shifted])])
    return keras.Model(inputs, kl.Dense(10, "softmax")(kl.Dropout(0.2, seed=1)(merged)))


def base_model(kind: str) -> Any:
    if kind == "sequential":
        return keras.Sequential([keras.Input((8, 8, 1)), kl.Conv2D(4, 3), kl.BatchNormalization()], name="base")
    inputs = keras.Input((8, 8, 1))
    wide, narrow = kl.Conv2D(4, 3, padding="same")(inputs), kl.Conv2D(4, 1)(inputs)
    return keras.Model(inputs, keras.activations.relu(wide + narrow), name="base")


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_nested_model_computes_as_in_keras(kind: str) -> None:
    model = functional(base_model(kind))
    spec = digits(document_of(model))

    assert_same_network(model, spec)
    assert len({node.name for node in spec.network.nodes}) == len(spec.network.nodes)


@pytest.mark.parametrize(("units", "activation"), [(1, "sigmoid"), (1, None), (2, "softmax")])
def test_binary_head_gives_both_classes(units: int, activation: str | None) -> None:
    model = keras.Sequential([keras.Input((8, 8, 1)), kl.Flatten(), kl.Dense(units, activation)])
    spec = digits(document_of(model), classes=2)
    samples = images((8, 8, 1))
    ours = build(spec, samples)
    randomize(model)
    copy_weights(model, ours)
    if units == 1:
        scores = np.asarray(model(samples.astype(np.float32)))
        expected = np.hstack([1 - scores, scores]) if activation else np.hstack([0 * scores, scores])
    else:
        expected = np.asarray(model(samples.astype(np.float32)))

    assert spec.network.gives_probabilities == (activation is not None)
    assert np.allclose(np.asarray(ours(samples)), expected, rtol=1e-4, atol=1e-5)
    assert spec.network.parameters.total == model.count_params()


def test_keras_2_document_agrees_with_legacy_loader() -> None:
    original = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            kl.Conv2D(4, 3, kernel_regularizer="l2"),
            kl.BatchNormalization(axis=3),
            kl.Activation("relu"),
            kl.MaxPooling2D(),
            kl.Flatten(),
            kl.Dense(10, "softmax"),
        ]
    )
    document = keras_2_document(original)
    text = json.dumps(document)
    loaded = saving_utils.model_from_config(copy.deepcopy({key: document[key] for key in ("class_name", "config")}))

    assert '"batch_input_shape"' in text
    assert '"VarianceScaling"' in text
    assert '"module"' not in text
    assert_same_network(loaded, digits(document))


def test_documents_are_loaded_by_keras_as_well() -> None:
    """So that the comparison is with what the document says, not with the model that it was written from."""
    model = functional(base_model("functional"))
    loaded = serialization_lib.deserialize_keras_object(document_of(model))

    assert_same_network(loaded, digits(document_of(model)))
