import pytest
from pydantic import ValidationError

from specs import caps
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.presets import PRESETS

PRESET = {"preset": "digits-cnn"}
LAYERS = [
    {"type": "Conv2D", "filters": 2, "kernel_size": 3, "kernel_regularizer": {"l2": 0.01}},
    {"type": "MaxPooling2D", "pool_size": [2, 1]},
    {"type": "Flatten"},
    {"type": "Dense"},
]


def test_every_default_is_filled_in():
    assert parse_spec({"model": {"layers": LAYERS[2:]}}).document() == {
        "name": "digits-experiment",
        "notes": "",
        "tags": [],
        "based_on": None,
        "dataset": {
            "name": "digits",
            "split": {"validation": 0.1, "test": 0.2, "stratify": True, "seed": 0},
        },
        "preprocessing": {"scale": "unit"},
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
            "freeze": 0,
        },
        "training": {
            "optimizer": {
                "type": "Adam",
                "learning_rate": 0.001,
                "beta_1": 0.9,
                "beta_2": 0.999,
                "epsilon": 1e-7,
            },
            "batch_size": 128,
            "epochs": 30,
            "seed": 0,
            "deterministic": False,
            "early_stopping": None,
            "max_minutes": 60.0,
        },
    }


@pytest.mark.parametrize(
    "document",
    [
        *(preset.spec for preset in PRESETS.values()),
        {"model": {"layers": LAYERS}, "tags": ["a", "b"], "based_on": "01J9ZQ4Y8N5T2V7W3X6R1K0MPD"},
        {"model": {"layers": [{"type": "Flatten"}, {"type": "Dense", "activation": None}]}},
        {"model": PRESET, "training": {"early_stopping": {}, "optimizer": {"type": "SGD"}}},
    ],
)
def test_a_stored_spec_reads_back_as_itself(document):
    spec = parse_spec(document)
    assert parse_spec(spec.document()) == spec
    assert ExperimentSpec.model_validate_json(spec.model_dump_json()) == spec


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"model": PRESET}, "digits-cnn"),
        ({"model": {"layers": LAYERS}}, "digits-experiment"),
        ({"model": {"layers": LAYERS}, "dataset": {"name": "mnist"}}, "mnist-experiment"),
        ({"model": PRESET, "name": "Versuch 1: größer"}, "Versuch 1: größer"),
    ],
)
def test_name(document, name):
    assert parse_spec(document).name == name


def test_figures_for_the_planner():
    spec = parse_spec(PRESETS["mnist-cnn"].spec)
    assert spec.steps_per_epoch() == 422
    assert spec.memory_mb() == 160
    assert spec.network().input_shape == (28, 28, 1)


def test_a_spec_does_not_change():
    with pytest.raises(ValidationError):
        parse_spec({"model": PRESET}).name = "other"


@pytest.mark.parametrize(
    "document",
    [
        {"name": "x" * 100, "notes": "x" * 10_000, "tags": ["x" * 50] * 20},
        {"training": {"epochs": caps.EPOCHS, "seed": caps.SEED, "batch_size": 1293, "max_minutes": 10_080}},
        {"training": {"optimizer": {"type": "SGD", "learning_rate": 1e38, "momentum": 1, "nesterov": True}}},
        {"training": {"optimizer": {"type": "Adam", "learning_rate": 1}}},
    ],
)
def test_the_caps_themselves_are_allowed(document):
    assert parse_spec({"model": PRESET, **document}).model.preset == "digits-cnn"


def test_200_layers_are_allowed():
    layers = [{"type": "Dropout", "rate": 0.1}] * 198 + LAYERS[2:]
    assert len(parse_spec({"model": {"layers": layers}}).network().table) == caps.LAYERS


def test_exploding_activations_are_refused_before_building():
    layers = [{"type": "Conv2D", "filters": 50_000, "kernel_size": 1}, *LAYERS[1:]]
    layers.insert(1, {"type": "Conv2D", "filters": 10, "kernel_size": 1})
    with pytest.raises(SpecError, match="above the cap of 8,000 MB") as caught:
        parse_spec({"dataset": {"name": "mnist"}, "model": {"layers": layers}})
    assert caught.value.problems[0].pointer == "/training/batch_size"


def test_the_schema_for_openapi_can_be_made():
    assert "training" in ExperimentSpec.model_json_schema()["properties"]
