"""Advice is checked against the spec that it is given for."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specs.advice import advice_for, warnings_for
from specs.dataset import Dataset
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.merge_patch import merge_patch
from tests.support.examples import examples

FLATTEN = {"type": "Flatten"}
LAST = {"type": "Dense"}
DATASETS = {
    name: Dataset(name, (8, 8, 3), ("a", "b", "c"), counts)
    for name, counts in {"some": (300, 300, 300), "few": (12, 12, 3), "one": (20, 5, 1), "tiny": (2, 2, 1)}.items()
}


def parsed(document: Any) -> ExperimentSpec:
    return parse_spec(document, DATASETS)


specs = st.fixed_dictionaries(
    {
        "dataset": st.fixed_dictionaries(
            {"name": st.sampled_from(list(DATASETS))}, optional={"limit_per_class": st.sampled_from([3, 1_000])}
        ),
        "preprocessing": st.fixed_dictionaries({"scale": st.sampled_from(["none", "unit", "standardize"])}),
        "model": st.fixed_dictionaries(
            {
                "layers": st.lists(
                    st.sampled_from(
                        [
                            {"type": "Rescaling", "scale": 1 / 255},
                            {"type": "Normalization", "mean": 120.0, "variance": 3_000.0},
                            {"type": "Conv2D", "filters": 2, "kernel_size": 3},
                            {"type": "BatchNormalization"},
                            {"type": "Dropout", "rate": 0.5},
                        ]
                    ),
                    max_size=4,
                ).map(lambda layers: [*layers, FLATTEN, LAST])
            }
        ),
        "training": st.fixed_dictionaries(
            {},
            optional={
                "batch_size": st.integers(1, 3),
                "epochs": st.sampled_from([1, 2, 5, 300]),
                "optimizer": st.sampled_from(
                    [
                        {"type": "Adam", "learning_rate": 0.1},
                        {"type": "SGD", "learning_rate": 2.0},
                        {"type": "SGD", "learning_rate": 1e-9},
                        {"type": "rms_prop", "learning_rate": 0.5},
                        {"class_name": "Adam", "config": {"learning_rate": 0.1, "decay": 0.0}},
                    ]
                ),
                "early_stopping": st.fixed_dictionaries({"patience": st.sampled_from([0, 3, 20])}),
                "reduce_lr_on_plateau": st.fixed_dictionaries({"patience": st.sampled_from([0, 3, 20])}),
                "loss": st.sampled_from(
                    [
                        {"type": "CategoricalCrossentropy", "label_smoothing": 0.9},
                        {"class_name": "CategoricalCrossentropy", "config": {"label_smoothing": 0.9, "axis": -1}},
                    ]
                ),
            },
        ),
    }
)


@given(specs)
@settings(max_examples=examples(200), deadline=None, derandomize=True)
def test_change_is_possible_and_mends(document: dict[str, Any]) -> None:
    try:
        spec = parsed(document)
    except SpecError:  # a batch larger than the split, for instance
        return
    for advice in advice_for(spec):
        if advice.patch is not None:
            for written in (document, spec.document()):
                changed = parsed(merge_patch(written, advice.patch))
                assert advice.sentence not in warnings_for(changed), advice


def warned(**document: Any) -> list[str]:
    return warnings_for(parsed({"dataset": {"name": "some"}, **document}))


def test_logits_are_not_warned_about() -> None:
    assert warned(model={"layers": [FLATTEN, {"type": "Dense", "activation": None}]}) == []
    assert warned(model={"layers": [FLATTEN, {"type": "Dense", "activation": "log_softmax"}]}) == []


@pytest.mark.parametrize(
    "scaling", [{"type": "Rescaling", "scale": 1 / 255}, {"type": "Normalization", "mean": 120.0, "variance": 3_000.0}]
)
def test_pixels_scaled_twice_are_warned_about(scaling: dict[str, Any]) -> None:
    model = {"layers": [scaling, FLATTEN, LAST]}
    (advice,) = advice_for(parsed({"dataset": {"name": "some"}, "model": model}))

    assert advice.sentence.startswith(f"layers[0] {scaling['type']} scales pixels that preprocessing.scale, unit, has")
    assert advice.patch == {"preprocessing": {"scale": "none"}}
    assert warned(model=model, preprocessing={"scale": "none"}) == []


NOT_LEARNING: list[dict[str, Any]] = [
    {"type": "Reshape", "target_shape": [16, 4, 3]},
    {"type": "Flatten"},
    {"type": "Permute", "dims": [2, 1, 3]},
    {"type": "ZeroPadding2D", "padding": 2},
    {"type": "Cropping2D", "cropping": 2},
    {"type": "UpSampling2D"},
    {"type": "MaxPooling2D", "pool_size": 2},
    {"type": "AveragePooling2D", "pool_size": 2},
    {"type": "GlobalAveragePooling2D"},
    {"type": "GlobalMaxPooling2D"},
    {"type": "Dropout", "rate": 0.1},
    {"type": "SpatialDropout2D", "rate": 0.1},
    {"type": "AlphaDropout", "rate": 0.1},
    {"type": "GaussianDropout", "rate": 0.1},
    {"type": "GaussianNoise", "stddev": 0.1},
    {"type": "ReLU"},
    {"type": "LeakyReLU"},
    {"type": "Activation", "activation": "linear"},
    {"type": "Residual", "layers": [{"type": "GaussianNoise", "stddev": 0.1}]},
]


@pytest.mark.parametrize("before", NOT_LEARNING, ids=lambda layer: str(layer["type"]))
def test_scaling_behind_what_keeps_the_range_warns(before: dict[str, Any]) -> None:
    rescaling = {"type": "Rescaling", "scale": 1 / 255}
    noise = {"type": "GaussianNoise", "stddev": 0.01}
    flat = [] if before["type"] == "Flatten" or before["type"].startswith("Global") else [FLATTEN]

    for layers in ([before, rescaling], [noise, before, rescaling], [before, rescaling, noise]):
        (sentence,) = warned(model={"layers": [*layers, *flat, LAST]})
        assert " Rescaling scales pixels that preprocessing.scale, unit, has scaled already" in sentence


@pytest.mark.parametrize("before", [{"type": "BatchNormalization"}, {"type": "Conv2D", "filters": 2, "kernel_size": 1}])
def test_scaling_of_what_was_learned_is_fine(before: dict[str, Any]) -> None:
    model = {"layers": [before, {"type": "Rescaling", "scale": 1 / 255}, FLATTEN, LAST]}

    assert not [sentence for sentence in warned(model=model) if "scales pixels" in sentence]


def test_scaled_statistics_are_not_a_second_scaling() -> None:
    layer = {"type": "Normalization", "mean": 0.5, "variance": 0.05}

    assert warned(model={"layers": [layer, FLATTEN, LAST]}) == []


def test_raw_pixels_are_fine_for_a_network_that_scales() -> None:
    model = {"layers": [{"type": "Rescaling", "scale": 1 / 255}, FLATTEN, LAST]}
    training = {"optimizer": {"type": "SGD", "learning_rate": 0.1}}

    assert warned(model=model, preprocessing={"scale": "none"}, training=training) == []


def test_batch_normalization_of_one_sample_warns() -> None:
    model = {"layers": [{"type": "BatchNormalization"}, FLATTEN, LAST]}
    (advice,) = advice_for(parsed({"dataset": {"name": "some"}, "model": model, "training": {"batch_size": 1}}))

    assert "layers[0] BatchNormalization takes mean and variance of a batch, but training.batch_size is 1" in (
        advice.sentence
    )
    assert advice.patch == {"training": {"batch_size": 128}}


def test_advice_about_batches_names_the_limit() -> None:
    model = {"layers": [{"type": "BatchNormalization"}, FLATTEN, LAST]}
    document = {"dataset": {"name": "few", "limit_per_class": 1}, "model": model, "training": {"batch_size": 1}}
    assert "; raise limit_per_class, or remove the layer" in " ".join(
        each.sentence for each in advice_for(parsed(document))
    )


def test_small_batch_of_few_samples_has_fit_advice() -> None:
    document = {"dataset": {"name": "few"}, "model": {"layers": [FLATTEN, LAST]}, "training": {"batch_size": 16}}
    (advice,) = advice_for(parsed(document))

    assert "an epoch has only 2 steps; 8 learns faster" in advice.sentence


def test_frozen_random_weights_are_warned_about() -> None:
    (warning,) = warned(
        model={"layers": [FLATTEN, {"type": "Dense", "units": 8, "activation": "relu"}, LAST], "freeze": 2}
    )

    assert warning.startswith("layers[1] Dense is frozen with random weights")
