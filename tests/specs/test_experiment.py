from typing import Any

import pytest
from pydantic import ValidationError

from specs import limits
from specs.advice import warnings_for
from specs.cost import reference_epoch_seconds
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.presets import PRESETS
from tests.support.network_builds import count_builds

PRESET = {"preset": "digits-cnn"}
LAYERS = [
    {"type": "Conv2D", "filters": 2, "kernel_size": 3, "kernel_regularizer": {"l2": 0.01}},
    {"type": "MaxPooling2D", "pool_size": [2, 1]},
    {"type": "Flatten"},
    {"type": "Dense"},
]


WARM = {"type": "CosineDecay", "initial_learning_rate": 0, "warmup_epochs": 2, "warmup_target": 0.1}


def test_network_is_built_once_per_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    builds = count_builds(monkeypatch)
    spec = parse_spec({"model": {"layers": LAYERS}})
    assert warnings_for(spec) == []
    assert spec.memory_mb() > 0
    assert reference_epoch_seconds(spec) > 0
    assert spec.network is spec.network
    assert spec.network.frozen == 0
    assert len(builds) == 1


def test_every_default_is_filled_in() -> None:
    """But `devices`, which documents have had since there can be several."""
    assert parse_spec({"model": {"layers": LAYERS[2:]}}).document() == {
        "name": "digits-experiment",
        "notes": "",
        "tags": [],
        "based_on": None,
        "continue_from": None,
        "dataset": {
            "name": "digits",
            "blobs": None,
            "classes": None,
            "limit_per_class": None,
            "split": {"validation": 0.1, "test": 0.2, "stratify": True, "seed": 0},
            "add": [],
        },
        "preprocessing": {"image_size": None, "resize": "stretch", "color": None, "scale": "unit"},
        "augmentation": None,
        "model": {
            "preset": None,
            "layers": [
                {"type": "Flatten"},
                {
                    "type": "Dense",
                    "units": 10,
                    "activation": "softmax",
                    "use_bias": True,
                    "kernel_initializer": "glorot_uniform",
                    "bias_initializer": "zeros",
                    "kernel_regularizer": None,
                    "bias_regularizer": None,
                    "activity_regularizer": None,
                },
            ],
            "keras": None,
            "weights_from": None,
            "freeze": 0,
        },
        "training": {
            "optimizer": {
                "type": "Adam",
                "learning_rate": 0.001,
                "beta_1": 0.9,
                "beta_2": 0.999,
                "epsilon": 1e-7,
                "amsgrad": False,
                "weight_decay": None,
                "clipnorm": None,
                "clipvalue": None,
                "global_clipnorm": None,
                "use_ema": False,
                "ema_momentum": 0.99,
                "ema_overwrite_frequency": None,
                "loss_scale_factor": None,
                "gradient_accumulation_steps": None,
            },
            "loss": "auto",
            "batch_size": 128,
            "epochs": 30,
            "class_weight": None,
            "seed": 0,
            "deterministic": False,
            "precision": "auto",
            "keep": "best",
            "keep_state": "auto",
            "early_stopping": None,
            "reduce_lr_on_plateau": None,
            "max_minutes": 60.0,
        },
    }


@pytest.mark.parametrize(
    "document",
    [
        *(preset.spec for preset in PRESETS.values() if preset.upload is None),
        {"model": {"layers": LAYERS}, "tags": ["a", "b"], "based_on": "01J9ZQ4Y8N5T2V7W3X6R1K0MPD"},
        {"model": {"layers": [{"type": "Flatten"}, {"type": "Dense", "activation": None}]}},
        {"model": PRESET, "training": {"early_stopping": {}, "optimizer": {"type": "SGD"}}},
        {"model": PRESET, "training": {"loss": {"type": "CategoricalCrossentropy"}, "class_weight": {"3": 2}}},
        {"model": PRESET, "training": {"class_weight": [1] * 10, "reduce_lr_on_plateau": {}}},
        {"model": PRESET, "training": {"optimizer": {"type": "Lion", "learning_rate": WARM}}},
    ],
)
def test_stored_spec_parses_to_equal_spec(document: dict[str, Any]) -> None:
    spec = parse_spec(document)
    assert parse_spec(spec.document()) == spec
    assert ExperimentSpec.model_validate_json(spec.model_dump_json()) == spec


BLOBS = {"dataset": {"name": "blobs"}, "model": {"layers": [{"type": "Dense", "units": 25}, {"type": "Dense"}]}}


def test_features_are_not_scaled_by_default() -> None:
    spec = parse_spec(BLOBS)
    assert (spec.input_shape, spec.preprocessing.scale) == ((2,), "none")
    assert spec.network.parameters.total == 179
    assert parse_spec(spec.document()) == spec
    assert parse_spec({**BLOBS, "preprocessing": {"scale": "standardize"}}).preprocessing.scale == "standardize"


@pytest.mark.parametrize("scale", ["unit", "centered"])
def test_pixel_scale_for_features_is_rejected(scale: str) -> None:
    with pytest.raises(SpecError, match=f"{scale} scales pixels 0-255, but the samples of blobs are") as caught:
        parse_spec({**BLOBS, "preprocessing": {"scale": scale}})
    assert caught.value.problems[0].pointer == "/preprocessing/scale"


def test_network_has_output_per_selected_class() -> None:
    document = {"dataset": {"name": "cifar10", "classes": ["cat", "dog", 9]}, "model": {"layers": LAYERS}}
    layers: Any = parse_spec(document).model.layers
    assert layers[-1].units == 3
    with pytest.raises(SpecError, match="has 10 units, but there are 3 classes"):
        parse_spec({**document, "model": {"layers": [{"type": "Flatten"}, {"type": "Dense", "units": 10}]}})


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"model": PRESET}, "digits-cnn"),
        ({"model": {"layers": LAYERS}}, "digits-experiment"),
        ({"model": {"layers": LAYERS}, "dataset": {"name": "mnist"}}, "mnist-experiment"),
        ({"model": PRESET, "name": "Versuch 1: größer"}, "Versuch 1: größer"),
    ],
)
def test_default_name(document: dict[str, Any], name: str) -> None:
    assert parse_spec(document).name == name


def test_steps_and_memory() -> None:
    spec = parse_spec(PRESETS["mnist-cnn"].spec)
    assert spec.steps_per_epoch() == 422
    assert spec.memory_mb() == 160
    assert spec.network.input_shape == (28, 28, 1)


def test_spec_is_immutable() -> None:
    with pytest.raises(ValidationError):
        parse_spec({"model": PRESET}).name = "other"


@pytest.mark.parametrize(
    "document",
    [
        {"name": "x" * 100, "notes": "x" * 10_000, "tags": ["x" * 50] * 20},
        {"training": {"epochs": limits.EPOCHS, "seed": limits.SEED, "batch_size": 1293, "max_minutes": 10_080}},
        {"training": {"optimizer": {"type": "SGD", "learning_rate": 1e38, "momentum": 1, "nesterov": True}}},
        {"training": {"optimizer": {"type": "Adam", "learning_rate": 1}}},
    ],
)
def test_limits_themselves_are_allowed(document: dict[str, Any]) -> None:
    assert parse_spec({"model": PRESET, **document}).model.preset == "digits-cnn"


def test_1000_layers_are_allowed() -> None:
    layers = [{"type": "Dropout", "rate": 0.1}] * 998 + LAYERS[2:]
    assert len(parse_spec({"model": {"layers": layers}}).network.table) == limits.LAYERS


def test_excessive_memory_is_rejected() -> None:
    layers = [{"type": "Conv2D", "filters": 50_000, "kernel_size": 1}, *LAYERS[1:]]
    layers.insert(1, {"type": "Conv2D", "filters": 10, "kernel_size": 1})
    with pytest.raises(SpecError, match="exceeds the limit of 8,000 MB") as caught:
        parse_spec({"dataset": {"name": "mnist"}, "model": {"layers": layers}})
    assert caught.value.problems[0].pointer == "/training/batch_size"


def test_json_schema_can_be_generated() -> None:
    assert "training" in ExperimentSpec.model_json_schema()["properties"]
