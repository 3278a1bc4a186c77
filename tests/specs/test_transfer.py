from typing import Any

import pytest

from specs.experiment import ExperimentSpec, parse_spec
from specs.presets import PRESETS
from specs.schema import FieldError
from specs.transfer import transferred_layers

CONV = {"type": "Conv2D", "filters": 4, "kernel_size": 3, "padding": "same"}
NORM = {"type": "BatchNormalization"}
FLATTEN = {"type": "Flatten"}
HIDDEN = {"type": "Dense", "units": 12}
WIDE = {"type": "Dense", "units": 64}
ANSWER = {"type": "Dense"}
BLOCK = {"type": "Residual", "layers": [CONV, NORM], "activation": "relu"}


def spec_of(*layers: Any, **dataset: Any) -> ExperimentSpec:
    return parse_spec({"model": {"layers": list(layers)}, "dataset": {"name": "digits", **dataset}})


def taken(layers: list[Any], source: list[Any], **dataset: Any) -> dict[str, str]:
    return transferred_layers(spec_of(*layers, **dataset).network, spec_of(*source).network)


def keras_network(*units: int, first: int = 0) -> ExperimentSpec:
    """A row of Dense, named as Keras names them in a session that has made `first` of them before."""
    layers = [
        {"class_name": "Dense", "config": {"name": f"dense_{first + at}", "units": n}} for at, n in enumerate(units)
    ]
    images = {"class_name": "InputLayer", "config": {"batch_shape": [None, 8, 8, 1], "name": "images"}}
    flatten = {"class_name": "Flatten", "config": {"name": "flatten"}}
    document = {"class_name": "Sequential", "config": {"name": "s", "layers": [images, flatten, *layers]}}
    return parse_spec({"model": {"keras": document}})


def test_same_network_is_transferred_completely() -> None:
    layers = [CONV, NORM, BLOCK, FLATTEN, HIDDEN, ANSWER]

    found = taken(layers, layers)
    assert found == {name: name for name in found}
    assert list(found) == [
        "conv2d",
        "batch_normalization",
        "conv2d_1",
        "batch_normalization_1",
        "dense",
        "dense_1",
    ]


def test_preset_matches_its_own_layers() -> None:
    preset = parse_spec({"model": {"preset": "digits-cnn"}}).network
    layers = parse_spec(PRESETS["digits-cnn"].spec).network

    found = transferred_layers(preset, layers)
    assert list(found) == [row.name for row in preset.table if row.parameters]


def test_other_classes_transfer_all_but_output() -> None:
    assert taken([FLATTEN, HIDDEN, ANSWER], [FLATTEN, HIDDEN, ANSWER], classes=[0, 1, 2]) == {"dense": "dense"}


def test_inserted_layer_shifts_names() -> None:
    assert taken([FLATTEN, WIDE, HIDDEN, ANSWER], [FLATTEN, HIDDEN, ANSWER]) == {
        "dense_1": "dense",
        "dense_2": "dense_1",
    }


def test_names_shifted_by_keras_do_not_mislead() -> None:
    """By name, dense_1 of both would be paired, and the network would come out one layer askew."""
    network, source = keras_network(64, 64, 64, 10, first=1), keras_network(64, 64, 64, 10)

    found = transferred_layers(network.network, source.network)
    assert found == {"dense_1": "dense_0", "dense_2": "dense_1", "dense_3": "dense_2", "dense_4": "dense_3"}


def test_equal_names_win_among_equal_lengths() -> None:
    network, source = keras_network(64, 10, first=1), keras_network(64, 64, 10)

    # dense_0 would do as well.
    assert transferred_layers(network.network, source.network) == {"dense_1": "dense_1", "dense_2": "dense_2"}


def test_earliest_match_wins_among_equals() -> None:
    network, source = keras_network(64, 10, first=7), keras_network(64, 64, 10)

    assert transferred_layers(network.network, source.network) == {"dense_7": "dense_0", "dense_8": "dense_2"}


@pytest.mark.parametrize("other", [{**HIDDEN, "use_bias": False}, {**HIDDEN, "units": 11}])
def test_all_shapes_of_layer_must_match(other: dict[str, Any]) -> None:
    assert "dense" not in taken([FLATTEN, HIDDEN, NORM, WIDE, ANSWER], [FLATTEN, other, WIDE, ANSWER])


def test_other_layer_type_does_not_match() -> None:
    conv = {**CONV, "kernel_size": 1, "use_bias": False}
    depthwise = {"type": "DepthwiseConv2D", "kernel_size": 1, "depth_multiplier": 4, "use_bias": False}

    assert spec_of(conv, FLATTEN, ANSWER).network.nodes[0].weights == (
        spec_of(depthwise, FLATTEN, ANSWER).network.nodes[0].weights
    )
    assert taken([conv, FLATTEN, ANSWER], [depthwise, FLATTEN, ANSWER]) == {"dense": "dense"}


def test_no_match_is_rejected_with_shapes() -> None:
    with pytest.raises(FieldError) as rejected:
        taken([FLATTEN, {"type": "Dense", "units": 7}, *[HIDDEN] * 6, ANSWER], [FLATTEN, ANSWER])
    assert rejected.value.detail == (
        "none of its layers matches a layer of this network in type and shapes of weights; it has dense (64x10, 10); "
        "this network has dense (64x7, 7), dense_1 (7x12, 12), dense_2 (12x12, 12), dense_3 (12x12, 12), "
        "dense_4 (12x12, 12), dense_5 (12x12, 12), 2 more"
    )


def test_network_without_weights_is_rejected() -> None:
    document = {"model": {"layers": [{"type": "Softmax"}]}, "dataset": {"name": "blobs", "classes": [0, 1]}}
    with pytest.raises(FieldError, match=r"this network has no weights$"):
        transferred_layers(parse_spec(document).network, spec_of(FLATTEN, ANSWER).network)
