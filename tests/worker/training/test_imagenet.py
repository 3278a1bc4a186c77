"""Applications with weights of ImageNet: what they compute is what the networks of those weights compute."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format
from numpy.typing import NDArray

from specs.applications import APPLICATIONS, HEAD, application_layers
from specs.applications.catalog import WeightsFile
from specs.experiment import ExperimentSpec, parse_spec
from specs.keras_document import read_keras_model
from tests.support.lite_reference import lite_features, random_lite_state
from tests.support.torch_files import write_state_dict
from tests.worker.conftest import Supervised
from worker.jobs.messages import TrainingJob
from worker.training import weights_files
from worker.training.imagenet import load_imagenet
from worker.training.network import build
from worker.training.train import run
from worker.training.transfer import WeightsUnavailable

FILE = "weights.h5"
MODULES = {"MobileNetV3Small": "mobilenet_v3", "MobileNet": "mobilenet"}
IMAGES = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def own_files_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file of this machine, and none from elsewhere."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(weights_files, "_PACKAGE", "no_such_package")
    known = {name: replace(application, weights=WeightsFile(FILE)) for name, application in APPLICATIONS.items()}
    monkeypatch.setattr(weights_files, "APPLICATIONS", known)


def experiment(name: str, **model: Any) -> ExperimentSpec:
    return parse_spec({"dataset": {"name": "cifar10"}, "model": {"application": name, **model}})


def randomize(model: Any) -> None:
    """Weights at which no layer is neutral."""
    generator = np.random.default_rng(2)
    weights = []
    for weight in model.get_weights():
        scale = np.sqrt(1 / np.prod(weight.shape[:-1])) if weight.ndim > 1 else 0.1
        weights.append(generator.normal(0.0 if weight.ndim > 1 else 0.8, scale, weight.shape))
    model.set_weights(weights)


def features(model: keras.Model) -> NDArray[Any]:
    """What the head receives of IMAGES."""
    return np.asarray(keras.Model(model.inputs[0], model.get_layer(HEAD).input)(IMAGES, training=False))


@pytest.mark.parametrize("name", MODULES)
def test_features_are_those_of_keras(name: Any, tmp_path: Path) -> None:
    own = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
    randomize(own)
    with h5py.File(tmp_path / FILE, "w") as file:  # as the published ones are
        legacy_h5_format.save_weights_to_hdf5_group(file, own)
    spec = experiment(name)
    model = build(spec, IMAGES)
    load_imagenet(model, spec, tmp_path, {})

    preprocess = getattr(keras.applications, MODULES[name]).preprocess_input
    expected = np.asarray(own(preprocess(IMAGES.astype(np.float32)), training=False))
    np.testing.assert_allclose(features(model), expected, rtol=1e-3, atol=1e-4)
    assert model.count_params() == spec.network.parameters.total


PREPROCESSED_BY = {
    "EfficientNetV2": "efficientnet_v2",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3": "mobilenet_v3",
    "MobileNet": "mobilenet",
    "ResNet": "resnet_v2",
    "DenseNet": "densenet",
}


@pytest.mark.parametrize("name", [name for name in APPLICATIONS if name != "EfficientNetLite0"])
def test_pixels_are_scaled_as_in_keras(name: Any) -> None:
    module = next(module for prefix, module in PREPROCESSED_BY.items() if name.startswith(prefix))
    pixels = IMAGES.astype(np.float32)
    scaling = APPLICATIONS[name].scaling
    ours = pixels if scaling is None else pixels * np.asarray(scaling.scale) + np.asarray(scaling.offset)
    np.testing.assert_allclose(
        ours, getattr(keras.applications, module).preprocess_input(pixels.copy()), rtol=1e-5, atol=1e-5
    )


def test_document_is_what_keras_writes() -> None:
    model = keras.applications.MobileNetV3Small(weights=None, include_top=False, input_shape=(None, None, 3))
    expected = read_keras_model(json.loads(model.to_json())).layers
    stored = application_layers("MobileNetV3Small", "avg", 10)[:-2]
    for one, other in zip(stored, expected, strict=True):
        assert (one.name, one.layer, one.inputs) == (other.name, other.layer, other.inputs)


def test_lite_features_are_those_of_its_file(tmp_path: Path) -> None:
    state = random_lite_state()
    write_state_dict(tmp_path / FILE, state)
    spec = experiment("EfficientNetLite0")
    model = build(spec, IMAGES)
    load_imagenet(model, spec, tmp_path, {})

    np.testing.assert_allclose(features(model), lite_features(state, IMAGES), rtol=1e-3, atol=1e-4)
    assert model.count_params() == spec.network.parameters.total


def test_transferred_layers_need_no_file(tmp_path: Path) -> None:
    spec = experiment("MobileNet")
    names = {node.name: node.name for node in spec.network.nodes}
    load_imagenet(build(spec, IMAGES), spec, tmp_path, names)


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n damaged"])
def test_damaged_weights_are_rejected(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    spec = experiment("MobileNetV3Small")
    with pytest.raises(WeightsUnavailable, match="does not have the weights of MobileNetV3Small"):
        load_imagenet(build(spec, IMAGES), spec, tmp_path, {})


def test_training_without_weights_file_fails(
    job: Callable[..., TrainingJob], supervised: Supervised, tmp_path: Path
) -> None:
    document = {
        "preprocessing": {"image_size": [32, 32], "color": "rgb"},
        "model": {"application": "MobileNetV3Small", "freeze": "all"},
    }
    run(job(parse_spec(document)).model_copy(update={"models_dir": tmp_path / "models"}), supervised.channel)

    failure = supervised.events[-1]["failure"]
    assert failure["type"] == "weights_unavailable"
    assert f"put {FILE} into {tmp_path / 'models'}" in failure["message"]


def test_frozen_application_learns_digits(job: Callable[..., TrainingJob], supervised: Supervised) -> None:
    """The whole path, with random weights."""
    document = {
        "dataset": {"limit_per_class": 12},
        "preprocessing": {"image_size": [32, 32], "color": "rgb"},
        "model": {"application": "MobileNet", "weights": "none", "freeze": "all"},
        "training": {"epochs": 1, "precision": "float32"},
    }
    run(job(parse_spec(document)), supervised.channel)

    assert (Path(supervised.result["staged"]) / "model.onnx").is_file()
