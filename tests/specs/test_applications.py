"""Networks of `model.application`, validated without Keras."""

from typing import Any, get_args

import pytest

from specs.advice import warnings_for
from specs.applications import APPLICATIONS, HEAD, ApplicationName
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.problem import Problem
from specs.transfer import transferred_layers

# Of networks without their classifiers, as `count_params()` of Keras, and EfficientNet-Lite, have them.
PARAMETERS = {
    "EfficientNetLite0": 3_413_024,
    "EfficientNetV2B0": 5_919_312,
    "EfficientNetV2B1": 6_931_124,
    "EfficientNetV2B2": 8_769_374,
    "EfficientNetV2B3": 12_930_622,
    "EfficientNetV2S": 20_331_360,
    "MobileNet": 3_228_864,
    "MobileNetV2": 2_257_984,
    "MobileNetV3Small": 939_120,
    "MobileNetV3Large": 2_996_352,
    "ResNet50V2": 23_564_800,
    "ResNet101V2": 42_626_560,
    "DenseNet121": 7_037_504,
}


def cifar(model: dict[str, Any], **rest: Any) -> ExperimentSpec:
    return parse_spec({"dataset": {"name": "cifar10"}, "model": model, **rest})


def problem_of(document: dict[str, Any]) -> Problem:
    with pytest.raises(SpecError) as caught:
        parse_spec(document)
    [problem] = caught.value.problems
    return problem


def test_every_name_has_application() -> None:
    assert get_args(ApplicationName) == tuple(APPLICATIONS) == tuple(PARAMETERS)


@pytest.mark.parametrize("name", PARAMETERS)
def test_application_has_published_parameters(name: str) -> None:
    network = cifar({"application": name}).network
    head = network.nodes[-1]
    assert (head.name, head.output_shape) == (HEAD, (10,))
    assert network.parameters.total - head.parameters.total == PARAMETERS[name]


@pytest.mark.parametrize("name", PARAMETERS)
def test_frozen_application_trains_its_head_alone(name: str) -> None:
    spec = cifar({"application": name, "freeze": "all"})
    assert spec.network.parameters.trainable == spec.network.nodes[-1].parameters.total
    assert warnings_for(spec) == []


def test_freeze_all_leaves_last_weights_of_any_network() -> None:
    spec = parse_spec({"dataset": {"name": "mnist"}, "model": {"preset": "mnist-cnn", "freeze": "all"}})
    assert spec.network.parameters.trainable == spec.network.nodes[-1].parameters.total
    alone = parse_spec({"model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}], "freeze": "all"}})
    assert alone.network.parameters.trainable == 650


@pytest.mark.parametrize("freeze", [-1, "none", 1.5])
def test_other_freeze_is_rejected(freeze: Any) -> None:
    problem = problem_of({"dataset": {"name": "cifar10"}, "model": {"application": "MobileNet", "freeze": freeze}})
    assert problem.pointer == "/model/freeze"


def test_defaults_of_application_are_filled_in() -> None:
    spec = cifar({"application": "MobileNetV2"})
    document = spec.document()
    expected = {"application": "MobileNetV2", "weights": "imagenet", "pooling": "avg", "freeze": 0}
    assert {name: document["model"][name] for name in expected} == expected
    assert document["preprocessing"]["scale"] == "none"
    assert parse_spec(document) == spec


def test_other_networks_have_no_members_of_application() -> None:
    model = parse_spec({"model": {"preset": "digits-cnn"}}).document()["model"]
    assert model.keys() == {"preset", "layers", "keras", "weights_from", "freeze"}


def test_max_pooling_takes_place_of_average() -> None:
    table = cifar({"application": "MobileNet", "pooling": "max"}).network.table
    assert [row.type for row in table[-2:]] == ["GlobalMaxPooling2D", "Dense"]


@pytest.mark.parametrize("member", ["weights", "pooling"])
def test_members_need_an_application(member: str) -> None:
    value = {"weights": "imagenet", "pooling": "avg"}[member]
    problem = problem_of({"model": {"preset": "digits-cnn", member: value}})
    assert problem.pointer == f"/model/{member}"
    assert problem.detail == f"`{member}` is for an `application`; leave it out"


def test_application_is_one_network_of_several() -> None:
    problem = problem_of({"model": {"application": "MobileNet", "preset": "digits-cnn"}})
    assert "expected one of `preset`, `layers`, `keras`, `application`" in problem.detail
    assert "received `preset` and `application`" in problem.detail


def test_unknown_application_lists_known_ones() -> None:
    problem = problem_of({"model": {"application": "MobileNetV9"}})
    assert problem.pointer == "/model/application"
    assert "MobileNetV3Small" in problem.detail


def test_grayscale_images_are_rejected_with_advice() -> None:
    problem = problem_of({"dataset": {"name": "mnist"}, "model": {"application": "MobileNet"}})
    assert problem.pointer == "/model/application"
    assert problem.detail == (
        "MobileNet expects images with 3 channels, received 28x28x1; set preprocessing.color to rgb"
    )


def test_features_are_rejected_with_advice() -> None:
    problem = problem_of({"dataset": {"name": "blobs"}, "model": {"application": "MobileNet"}})
    assert problem.pointer == "/model/application"
    assert problem.detail.endswith("choose a dataset of images")


@pytest.mark.parametrize("scale", ["unit", "centered", "standardize"])
def test_scaled_pixels_are_rejected(scale: str) -> None:
    document = {
        "dataset": {"name": "cifar10"},
        "preprocessing": {"scale": scale},
        "model": {"application": "MobileNet"},
    }
    problem = problem_of(document)
    assert problem.pointer == "/model/application"
    assert f"preprocessing.scale is {scale}; set it to none" in problem.detail


def test_frozen_random_application_is_a_warning() -> None:
    [warning] = warnings_for(cifar({"application": "MobileNet", "weights": "none", "freeze": "all"}))
    assert "frozen with random weights" in warning


def test_other_classes_take_all_weights_but_the_last() -> None:
    """The second stage: everything that the first one has learned, and the layers that it has frozen."""
    first, second = (
        cifar({"application": "MobileNetV3Small", "freeze": "all"}),
        cifar({"application": "MobileNetV3Small"}),
    )
    transferred = transferred_layers(second.network, first.network)
    assert all(name == other for name, other in transferred.items())
    assert HEAD in transferred
    other = parse_spec({"dataset": {"name": "cifar100"}, "model": {"application": "MobileNetV3Small"}})
    assert transferred.keys() - transferred_layers(other.network, first.network).keys() == {HEAD}
