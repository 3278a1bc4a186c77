import inspect
from typing import Any, get_args

import pytest

from specs import limits
from specs.augmentation import AugmentationLayer, AugmentationSpec, RandomCrop
from specs.errors import SpecError
from specs.experiment import parse_spec

PRESET = {"preset": "digits-cnn"}
FLIP = {"type": "RandomFlip"}
# What a layer needs at least.
LEAST: dict[str, dict[str, Any]] = {
    "RandomRotation": {"factor": 0.1},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "RandomCrop": {"padding": 1},
    "RandomBrightness": {"factor": 0.1},
    "RandomContrast": {"factor": 0.1},
    "GaussianNoise": {"stddev": 0.1},
    "RandomDilation": {"radius": 1},
}
TYPES = [layer.model_fields["type"].default for layer in get_args(get_args(AugmentationLayer)[0])]


def augmented(*layers: Any, **fields: Any) -> dict[str, Any]:
    return {"model": PRESET, "augmentation": {"layers": list(layers), **fields}}


NOT_IN_KERAS = {"RandomDilation", "OutlierExposure", "ElasticDistortion", "SyntheticDigits"}


def layer_of(**fields: Any) -> Any:
    (layer,) = AugmentationSpec.model_validate({"layers": [fields]}).layers
    return layer


def augmentation_of(document: dict[str, Any]) -> AugmentationSpec:
    augmentation = parse_spec(document).augmentation
    assert augmentation is not None
    return augmentation


def test_eighteen_layers_are_known() -> None:
    assert len(set(TYPES)) == 18


@pytest.mark.parametrize("name", TYPES)
def test_defaults_equal_keras(name: str) -> None:
    import keras

    if not hasattr(keras.layers, name):
        assert name in NOT_IN_KERAS
        return
    ours = layer_of(type=name, **LEAST.get(name, {})).model_dump()
    theirs = {key: value.default for key, value in inspect.signature(getattr(keras.layers, name)).parameters.items()}
    for field, value in ours.items():
        if field in LEAST.get(name, {}):
            assert theirs.get(field, inspect.Parameter.empty) is inspect.Parameter.empty, field
        elif field in theirs and theirs[field] is not inspect.Parameter.empty:
            given = layer_of(type=name, **LEAST.get(name, {}), **{field: theirs[field]}).model_dump()[field]
            assert value == given, field
        else:
            assert field in {"type", "height", "width", "padding", "fill_value", "fill_mode"}, field


@pytest.mark.parametrize(
    ("fields", "field", "stored"),
    [
        ({"type": "RandomRotation", "factor": 0.2}, "factor", (-0.2, 0.2)),
        ({"type": "RandomRotation", "factor": [0.1, 1]}, "factor", (0.1, 1.0)),
        ({"type": "RandomShear", "x_factor": 0.2}, "x_factor", (0.0, 0.2)),
        ({"type": "RandomContrast", "factor": 0.2}, "factor", (0.2, 0.2)),
        ({"type": "RandomContrast", "factor": [0.5, 0.2]}, "factor", (0.5, 0.2)),
        ({"type": "RandomErasing", "factor": 0.5}, "factor", (0.5, 0.5)),
        ({"type": "CutMix", "factor": 0.5}, "factor", (0.0, 0.5)),
        ({"type": "RandomDilation", "radius": 1.5}, "radius", (-1.5, 1.5)),
    ],
)
def test_single_number_means_range(fields: dict[str, Any], field: str, stored: tuple[float, ...]) -> None:
    assert getattr(layer_of(**fields), field) == stored


def test_stored_spec_parses_to_equal_spec() -> None:
    spec = parse_spec(augmented(*({"type": name, **LEAST.get(name, {})} for name in TYPES)))
    assert parse_spec(spec.document()) == spec


def test_epoch_has_every_copy() -> None:
    assert parse_spec({"model": PRESET}).steps_per_epoch() == 11
    assert parse_spec(augmented(FLIP, copies=6)).steps_per_epoch() == 61  # 6 x 1,293 samples, 128 a batch


def test_mixing_layers_mix_labels() -> None:
    assert not augmentation_of(augmented(FLIP)).mixes_labels
    assert augmentation_of(augmented(FLIP, {"type": "MixUp"})).mixes_labels


@pytest.mark.parametrize(
    ("document", "pointer", "fragment"),
    [
        (augmented(), "/layers", "expected at least one layer; set `augmentation` to null for none"),
        (augmented(FLIP, copies=0), "/copies", "`copies` must be at least 1"),
        (augmented(FLIP, copies=21), "/copies", "`copies` must be at most 20, received 21"),
        (augmented(*[FLIP] * 21), "/layers", "`layers` must have at most 20 items"),
        (augmented({"type": "RandomFlop"}), "/layers/0/type", "did you mean `RandomFlip`? known: RandomFlip, Random"),
        (augmented({**FLIP, "mode": "sideways"}), "/layers/0/mode", "known: horizontal, vertical, horizontal_and"),
        (augmented({"type": "RandomRotation"}), "/layers/0/factor", "is missing; expected two numbers from -1 to 1"),
        (
            augmented({"type": "RandomRotation", "factor": "a lot"}),
            "/layers/0/factor",
            'expected a number, or two numbers as [lowest, highest], received "a lot"',
        ),
        (augmented({"type": "RandomRotation", "factor": 36}), "/layers/0/factor", "must be at least -1"),
        (
            augmented({"type": "RandomRotation", "factor": [0.2, 0.1]}),
            "/layers/0/factor",
            "expected the lower number first, as in [0.1, 0.2]",
        ),
        (augmented({"type": "RandomZoom", "height_factor": -1}), "/layers/0/height_factor", "must be more than -1"),
        (augmented({"type": "RandomShear", "x_factor": -0.1}), "/layers/0/x_factor", "must be at least 0"),
        (
            augmented({"type": "RandomGaussianBlur", "kernel_size": 4}),
            "/layers/0/kernel_size",
            "expected an odd number",
        ),
        (augmented({"type": "RandomDilation", "radius": 9}), "/layers/0/radius", "5"),
        (augmented({"type": "GaussianNoise", "stddev": 25.5}), "/layers/0/stddev", "`stddev` must be at most 1"),
        (augmented({"type": "RandomCrop"}), "/layers/0/padding", "requires `padding`, or the `height` and `width`"),
        (
            augmented(FLIP, {"type": "RandomCrop", "height": 9}),
            "/layers/1/height",
            "`height` 9 exceeds the height of the image: 8; use a smaller window or more `padding`",
        ),
        (
            augmented({"type": "RandomCrop", "width": 11, "padding": 1}),
            "/layers/0/width",
            "exceeds the width of the image with padding: 10",
        ),
        (
            {"dataset": {"name": "digits", "classes": ["1", "7"]}, **augmented({"type": "SyntheticDigits"})},
            "/layers/0/type",
            "draws the ten digits, but the dataset has the classes 1, 7; leave the layer out",
        ),
        (
            augmented({**FLIP, "fill_mode": "reflect"}),
            "/layers/0/fill_mode",
            "unknown field `fill_mode`; did you mean `mode`? known here: type, mode",
        ),
    ],
)
def test_rejection_explains_what_to_do(document: dict[str, Any], pointer: str, fragment: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(document)
    assert any(problem.pointer.startswith("/augmentation" + pointer) for problem in caught.value.problems)
    assert fragment in " ".join(problem.detail for problem in caught.value.problems)


def test_crop_is_checked_against_resized_size() -> None:
    larger = {"preprocessing": {"image_size": [16, 16]}, **augmented({"type": "RandomCrop", "height": 9})}
    [crop] = augmentation_of(larger).layers
    assert isinstance(crop, RandomCrop)
    assert crop.height == 9


def test_features_cannot_be_augmented() -> None:
    blobs = {"dataset": {"name": "blobs"}, "model": {"layers": [{"type": "Dense"}]}}
    with pytest.raises(SpecError) as caught:
        parse_spec({**blobs, "augmentation": {"layers": [FLIP]}})
    (problem,) = caught.value.problems
    assert problem.pointer == "/augmentation"
    assert "the samples of this dataset are not images; set `augmentation` to null" in problem.detail


def test_limits_themselves_are_allowed() -> None:
    document = augmented(*[FLIP] * limits.AUGMENTATION_LAYERS, copies=limits.COPIES)
    assert augmentation_of(document).copies == 20
