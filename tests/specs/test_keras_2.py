"""Documents of Keras 2, written out as that release wrote them, and of what is no Keras document at all."""

import copy
from typing import Any

import pytest

from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.initializers import RandomNormal, VarianceScaling
from specs.keras_document.layer import name_layers
from specs.layers import ReLU, Rescaling

UNIFORM = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}


def conv(name: str, filters: int, **config: Any) -> dict[str, Any]:
    plain = {
        "name": name,
        "trainable": True,
        "dtype": "float32",
        "filters": filters,
        "kernel_size": [3, 3],
        "strides": [1, 1],
        "padding": "valid",
        "data_format": "channels_last",
        "dilation_rate": [1, 1],
        "groups": 1,
        "activation": "relu",
        "use_bias": True,
        "kernel_initializer": {"class_name": "VarianceScaling", "config": UNIFORM},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.009999999776482582}},
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
    }
    return {"class_name": "Conv2D", "config": plain | config}


def norm(axis: Any) -> dict[str, Any]:
    zeros, ones = {"class_name": "Zeros", "config": {"dtype": "float32"}}, {"class_name": "Ones", "config": {}}
    config = {
        "name": "batch_normalization_1",
        "trainable": True,
        "dtype": "float32",
        "axis": axis,
        "momentum": 0.99,
        "epsilon": 0.001,
        "center": True,
        "scale": True,
        "beta_initializer": zeros,
        "gamma_initializer": ones,
        "moving_mean_initializer": zeros,
        "moving_variance_initializer": ones,
        "beta_regularizer": None,
        "gamma_regularizer": None,
        "beta_constraint": None,
        "gamma_constraint": None,
    }
    return {"class_name": "BatchNormalization", "config": config}


LAYERS = [
    conv("conv2d_1", 4, batch_input_shape=[None, 8, 8, 1]),
    norm([3]),
    {"class_name": "LeakyReLU", "config": {"name": "leaky", "trainable": True, "alpha": 0.20000000298023224}},
    {"class_name": "Dropout", "config": {"name": "dropout_1", "rate": 0.25, "noise_shape": None, "seed": 7}},
    {"class_name": "Flatten", "config": {"name": "flatten_1", "trainable": True, "data_format": "channels_last"}},
    {"class_name": "Dense", "config": {"name": "dense_1", "units": 10, "activation": "softmax_v2"}},
]
SEQUENTIAL: dict[str, Any] = {
    "class_name": "Sequential",
    "config": {"name": "sequential_1", "layers": LAYERS},
    "keras_version": "2.2.4",
    "backend": "tensorflow",
}


def digits(document: Any, **rest: Any) -> ExperimentSpec:
    return parse_spec({"model": {"keras": document}, **rest})


def problems_of(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as caught:
        digits(document)
    return [(problem.pointer.removeprefix("/model/keras"), problem.detail) for problem in caught.value.problems]


def changed(**members: Any) -> dict[str, Any]:
    return copy.deepcopy(SEQUENTIAL) | members


def with_layer(index: int, **config: Any) -> dict[str, Any]:
    document = copy.deepcopy(SEQUENTIAL)
    document["config"]["layers"][index]["config"] |= config
    return document


def test_keras_2_sequential_is_read() -> None:
    network = digits(SEQUENTIAL).network

    assert [row.name for row in network.table] == [layer["config"]["name"] for layer in LAYERS]
    assert network.parameters.total == 4 * 9 + 4 + 4 * 4 + 144 * 10 + 10
    assert network.gives_probabilities
    layers: Any = network.layers
    assert layers[0].kernel_initializer == VarianceScaling(scale=1.0, mode="fan_avg", distribution="uniform")
    assert layers[0].kernel_regularizer.l2 == pytest.approx(0.01)
    assert layers[2].negative_slope == pytest.approx(0.2)


@pytest.mark.parametrize(
    "document",
    [
        changed(config=LAYERS),
        changed(config={"name": "s", "build_input_shape": [None, 8, 8, 1], "layers": LAYERS}),
        {"class_name": "Sequential", "config": LAYERS, "keras_version": "2.0.8", "backend": "theano"},
        changed(config={"layers": [{"class_name": "InputLayer", "config": {
            "batch_input_shape": [None, 8, 8, 1], "dtype": "float32", "sparse": False, "ragged": False, "name": "i"
        }}, *LAYERS]}),
    ],
)  # fmt: skip
def test_forms_of_releases_mean_the_same(document: Any) -> None:
    assert digits(document).network.table == digits(SEQUENTIAL).network.table


@pytest.mark.parametrize("axis", [-1, 3, [3], [-1]])
def test_axis_of_channels_is_accepted(axis: Any) -> None:
    document = with_layer(1, axis=axis)

    assert digits(document).network.table == digits(SEQUENTIAL).network.table


@pytest.mark.parametrize(
    ("initializer", "expected"),
    [
        ({"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02, "seed": 1}}, RandomNormal(stddev=0.02)),
        ({"class_name": "GlorotUniform", "config": {"seed": 3, "dtype": "float32"}}, "glorot_uniform"),
        ({"class_name": "VarianceScaling", "config": {"distribution": "normal"}}, "variance_scaling"),
        (
            {"class_name": "VarianceScaling", "config": {"scale": 2, "mode": "fan_out", "distribution": "normal"}},
            VarianceScaling(scale=2.0, mode="fan_out"),
        ),
        ("HeNormal", "he_normal"),
    ],
)
def test_initializers_are_read_as_objects(initializer: Any, expected: Any) -> None:
    layers: Any = digits(with_layer(0, kernel_initializer=initializer)).network.layers

    assert layers[0].kernel_initializer == expected


def test_arrays_stand_for_their_numbers() -> None:
    document = copy.deepcopy(SEQUENTIAL)
    array = {"type": "ndarray", "value": 6.0}
    document["config"]["layers"][2] = {"class_name": "ReLU", "config": {"name": "relu", "max_value": array}}
    layers: Any = digits(document).network.layers

    assert layers[2].max_value == 6.0


def test_names_with_slashes_are_made_plain() -> None:
    assert digits(with_layer(0, name="expanded_conv/project")).network.table[0].name == "expanded_conv_project"


OPERATIONS: dict[str, Any] = {
    "class_name": "Functional",
    "config": {
        "name": "model",
        "layers": [
            {
                "class_name": "InputLayer",
                "name": "in",
                "inbound_nodes": [],
                "config": {"batch_input_shape": [None, 8, 8, 1], "dtype": "float32", "name": "in"},
            },
            {"class_name": "Flatten", "name": "f", "config": {"name": "f"}, "inbound_nodes": [[["in", 0, 0, {}]]]},
            {
                "class_name": "TFOpLambda",
                "name": "tf.__operators__.add",
                "config": {"name": "tf.__operators__.add", "function": "__operators__.add"},
                "inbound_nodes": [["f", 0, 0, {"y": 3.0, "name": None}]],
            },
            {
                "class_name": "TFOpLambda",
                "name": "tf.math.multiply",
                "config": {"name": "tf.math.multiply", "function": "math.multiply"},
                "inbound_nodes": [["tf.__operators__.add", 0, 0, {"y": ["f", 0, 0], "name": None}]],
            },
            {
                "class_name": "TFOpLambda",
                "name": "tf.nn.relu6",
                "config": {"name": "tf.nn.relu6", "function": "nn.relu6"},
                "inbound_nodes": [["tf.math.multiply", 0, 0, {"name": None}]],
            },
            {
                "class_name": "Dense",
                "name": "d",
                "config": {"name": "d", "units": 10},
                "inbound_nodes": [[["tf.nn.relu6", 0, 0, {"training": False}]]],
            },
        ],
        "input_layers": [["in", 0, 0]],
        "output_layers": [["d", 0, 0]],
    },
    "keras_version": "2.9.0",
    "backend": "tensorflow",
}


def test_operations_of_tensorflow_are_layers() -> None:
    network = digits(OPERATIONS).network

    assert [row.type for row in network.table] == ["Flatten", "Rescaling", "Multiply", "Activation", "Dense"]
    assert [node.inputs for node in network.nodes] == [(-1,), (0,), (1, 0), (2,), (3,)]


def test_first_operand_may_be_constant() -> None:
    document = copy.deepcopy(OPERATIONS)
    entry = document["config"]["layers"][2]
    entry["config"]["function"] = "math.subtract"
    entry["inbound_nodes"] = [["_CONSTANT_VALUE", -1, 3.0, {"y": ["f", 0, 0], "name": None}]]

    node = digits(document).network.nodes[1]

    assert (node.layer, node.inputs) == (Rescaling(scale=-1.0, offset=3.0), (0,))


@pytest.mark.parametrize("constant", [None, True, "3", [1.0, 2.0], 1e9])
def test_first_operand_that_is_no_number_is_named(constant: Any) -> None:
    document = copy.deepcopy(OPERATIONS)
    node = ["_CONSTANT_VALUE", -1, constant, {"y": ["f", 0, 0], "name": None}]
    document["config"]["layers"][2]["inbound_nodes"] = [node]

    ((pointer, detail),) = problems_of(document)

    assert pointer == "/config/layers/2/inbound_nodes/0/2"
    assert "expected the output of another layer or a number, received" in detail


def test_layer_does_not_take_constants() -> None:
    document = copy.deepcopy(OPERATIONS)
    document["config"]["layers"][5]["inbound_nodes"] = [[["_CONSTANT_VALUE", -1, 3.0, {}]]]

    ((pointer, detail),) = problems_of(document)

    assert pointer == "/config/layers/5/inbound_nodes/0/0/2"
    assert "Dense `d`: expected the output of another layer, received a number" in detail


def test_hard_sigmoid_is_that_of_keras_2() -> None:
    document = copy.deepcopy(SEQUENTIAL)
    document["config"]["layers"][0]["config"]["activation"] = "hard_sigmoid"
    document["config"]["layers"][2] = {
        "class_name": "Activation",
        "config": {"name": "act", "activation": "hard_sigmoid"},
    }
    network = digits(document).network

    assert [row.name for row in network.table] == [
        *("conv2d_1", "conv2d_1_scale", "conv2d_1_hard_sigmoid", "batch_normalization_1"),
        *("act_scale", "act_hard_sigmoid", "dropout_1", "flatten_1", "dense_1"),
    ]
    # Keras 2 `backend.hard_sigmoid`: 0.2 * x + 0.5, clipped to 0 and 1.
    for index in (1, 4):
        assert network.layers[index : index + 2] == (Rescaling(scale=0.2, offset=0.5), ReLU(max_value=1.0))
    assert network.is_sequential
    assert network.layers[0].model_dump()["activation"] == "linear"


@pytest.mark.parametrize(
    ("members", "types"),
    [
        ({"keras_version": "3.9.0"}, ["Dense"]),
        ({"module": "keras"}, ["Dense"]),
        ({"module": "keras", "keras_version": "2.15.0"}, ["Dense", "Rescaling", "ReLU"]),
        ({}, ["Dense", "Rescaling", "ReLU"]),
    ],
)
def test_hard_sigmoid_is_read_by_version(members: dict[str, Any], types: list[str]) -> None:
    flatten = {"class_name": "Flatten", "config": {"name": "flat"}}
    dense = {"class_name": "Dense", "config": {"name": "answer", "units": 10, "activation": "hard_sigmoid"}}
    document = {"class_name": "Sequential", "config": {"layers": [flatten, dense]}, **members}

    assert [row.type for row in digits(document).network.table] == ["Flatten", *types]


def test_unknown_operation_is_named() -> None:
    document = copy.deepcopy(OPERATIONS)
    document["config"]["layers"][2]["config"]["function"] = "image.resize"

    ((pointer, detail),) = problems_of(document)

    assert pointer == "/config/layers/2/class_name"
    assert "TFOpLambda `tf.__operators__.add`: the operation resize is not supported; known: add, subtract" in detail


def test_all_problems_are_reported_at_once() -> None:
    document = copy.deepcopy(SEQUENTIAL)
    layers = document["config"]["layers"]
    layers[0]["config"] |= {"filters": "4", "padding": "reflect", "kernel_constraint": {"class_name": "NonNeg"}}
    layers[1]["config"]["renorm"] = True
    layers.insert(2, {"class_name": "Lambda", "config": {"name": "lambda_1"}})
    layers[6]["config"] |= {"unit": 3, "activation": "swosh"}

    assert [pointer for pointer, _ in problems_of(document)] == [
        "/config/layers/2/class_name",
        "/config/layers/0/config/kernel_constraint",
        "/config/layers/0/config/padding",
        "/config/layers/0/config/filters",
        "/config/layers/1/config/renorm",
        "/config/layers/6/config/unit",
        "/config/layers/6/config/activation",
    ]


def test_shapes_of_all_branches_are_reported_at_once() -> None:
    document = copy.deepcopy(OPERATIONS)
    layers = document["config"]["layers"]
    layers[1] = conv("f", 2, kernel_size=[9, 9]) | {"name": "f", "inbound_nodes": [[["in", 0, 0, {}]]]}
    other = conv("g", 2, kernel_size=[10, 10]) | {"name": "g", "inbound_nodes": [[["in", 0, 0, {}]]]}
    layers.insert(2, other)
    layers[4]["inbound_nodes"][0][3]["y"] = ["g", 0, 0]

    assert [pointer for pointer, _ in problems_of(document)] == [
        "/config/layers/1/config/kernel_size",
        "/config/layers/2/config/kernel_size",
    ]


KERAS_1 = {"class_name": "Convolution2D", "config": {"name": "c", "nb_filter": 4, "border_mode": "valid"}}
TOPOLOGY = {"class_name": "Sequential", "config": [], "keras_version": "tfjs-layers 1.2.3", "backend": "tensor_flow.js"}


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        (changed(keras_version="1.2.2"), "Keras 1.2.2 wrote this document; build the model with Keras 2 or 3"),
        ({"class_name": "Sequential", "config": [KERAS_1]}, "Keras 1 wrote this document: it has arguments such as"),
        (TOPOLOGY, "TensorFlow.js wrote this document, not Keras"),
        (
            {"format": "layers-model", "modelTopology": TOPOLOGY, "weightsManifest": []},
            "this is a TensorFlow.js model.json, not a Keras document; build the model",
        ),
        (
            {"modelTopology": {"model_config": SEQUENTIAL}, "weightsManifest": []},
            "send its `modelTopology.model_config`, which Keras wrote",
        ),
        ({"model_config": SEQUENTIAL, "keras_version": "2.4.0"}, "send its `model_config`"),
    ],
)
def test_other_documents_are_named(document: Any, detail: str) -> None:
    problems = problems_of(document)

    assert len(problems) == 1
    assert detail in problems[0][1]


@pytest.mark.parametrize("shape", [[None, 64], [None, 8, 8], [None, None, None, 1], [None, 8, 8, 1]])
def test_samples_are_arranged_as_declared(shape: list[int | None]) -> None:
    document = copy.deepcopy(SEQUENTIAL)
    document["config"]["layers"] = [
        {"class_name": "Flatten", "config": {"name": "flat", "batch_input_shape": shape}},
        {"class_name": "Dense", "config": {"name": "answer", "units": 10, "activation": "softmax"}},
    ]
    spec = digits(document)

    assert spec.input_shape == (8, 8, 1)
    assert len(spec.network.input_shape) == len(shape) - 1
    assert spec.network.parameters.total == 650


AUGMENTATION = [
    {"class_name": "RandomFlip", "config": {"name": "flip", "mode": "horizontal", "seed": None}},
    {
        "class_name": "RandomRotation",
        "config": {"name": "turn", "factor": 0.1, "fill_mode": "reflect", "interpolation": "bilinear", "seed": 3},
    },
]


def augmented(position: int) -> dict[str, Any]:
    document = copy.deepcopy(SEQUENTIAL)
    nested = {"class_name": "Sequential", "config": {"name": "augmentation", "layers": AUGMENTATION}}
    document["config"]["layers"].insert(position, nested)
    return document


def test_augmentation_inside_runs_in_the_pipeline() -> None:
    spec = digits(augmented(0))

    assert [layer.type for layer in spec.training_augmentation.layers] == ["RandomFlip", "RandomRotation"]  # type: ignore[union-attr]
    assert spec.augmentation is None
    assert spec.network.table[0].type == "RandomFlip"
    assert spec.network.parameters == digits(SEQUENTIAL).network.parameters
    assert parse_spec(spec.document()).training_augmentation == spec.training_augmentation


def test_augmentation_inside_follows_that_of_the_spec() -> None:
    spec = digits(augmented(0), augmentation={"copies": 3, "layers": [{"type": "RandomContrast", "factor": 0.1}]})

    assert spec.training_augmentation is not None
    assert [layer.type for layer in spec.training_augmentation.layers] == [
        "RandomContrast",
        "RandomFlip",
        "RandomRotation",
    ]
    assert spec.training_augmentation.copies == 3


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        ("RandomShear", {"x_factor": [-0.1, 0.1], "y_factor": [-0.0, 0.0]}, {"x_factor": (0, 0.1), "y_factor": (0, 0)}),
        ("RandomShear", {"x_factor": [0.1, 0.2]}, {"x_factor": (0.1, 0.2)}),
        ("RandomGaussianBlur", {"factor": [0, 1.0], "kernel_size": [5, 5]}, {"factor": (0, 1), "kernel_size": 5}),
    ],
)
def test_pairs_of_keras_are_numbers(kind: str, written: dict[str, Any], expected: dict[str, Any]) -> None:
    document = copy.deepcopy(SEQUENTIAL)
    document["config"]["layers"].insert(0, {"class_name": kind, "config": {"name": "augment", **written}})
    augmentation = digits(document).training_augmentation

    assert augmentation is not None
    assert expected.items() <= augmentation.layers[0].model_dump().items()


def test_augmentation_behind_layers_is_rejected() -> None:
    pointer, detail = problems_of(augmented(1))[0]

    assert pointer == "/config/layers/1/config/layers/0/class_name"
    assert "must come before all layers but Rescaling and Normalization" in detail


def test_layers_inside_models_get_distinct_names() -> None:
    document = copy.deepcopy(SEQUENTIAL)
    inner = [{"class_name": "Dropout", "config": {"name": "drop", "rate": 0.5}}]
    for name in ("one", "two"):
        nested = {"class_name": "Sequential", "config": {"name": name, "layers": inner}}
        document["config"]["layers"].insert(4, nested)

    assert [row.name for row in digits(document).network.table[4:6]] == ["two_drop", "one_drop"]


def test_frozen_layers_do_not_count_as_trainable() -> None:
    document = with_layer(0, trainable=False)

    assert digits(document).network.parameters.trainable == 4 * 2 + 144 * 10 + 10


def test_softmax_of_one_unit_is_rejected() -> None:
    document = with_layer(5, units=1)

    with pytest.raises(SpecError, match="softmax of one unit is always 1; use sigmoid"):
        digits(document, dataset={"classes": [0, 1]})


@pytest.mark.parametrize(("activation", "probabilities"), [("sigmoid", True), ("linear", False)])
def test_one_unit_serves_two_classes(activation: str, probabilities: bool) -> None:
    network = digits(with_layer(5, units=1, activation=activation), dataset={"classes": [0, 1]}).network

    assert network.is_binary
    assert network.gives_probabilities == probabilities


def test_one_unit_does_not_serve_ten_classes() -> None:
    assert problems_of(with_layer(5, units=1, activation="sigmoid")) == [
        (
            "/config/layers/5/config/units",
            "keras.config.layers[5] Dense `dense_1`: has 1 unit, but there are 10 classes; set `units` to 10",
        )
    ]


def test_layers_without_names_have_keras_names() -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 8, 8, 1]}},
        {"class_name": "MaxPooling2D", "config": {}},
        {"class_name": "Flatten"},
        {"class_name": "Dense", "config": {"units": 4}},
        {"class_name": "Dense", "config": {"units": 4, "name": "dense_1"}},
        {"class_name": "Dense", "config": {"units": 10}},
    ]
    spec = parse_spec({"model": {"keras": {"class_name": "Sequential", "config": {"layers": layers}}}})
    assert [row.name for row in spec.network.table] == ["max_pooling2d", "flatten", "dense", "dense_1", "dense_2"]


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("PReLU", "p_re_lu"),
        ("LeakyReLU", "leaky_re_lu"),
        ("ReLU", "re_lu"),
        ("ELU", "elu"),
        ("Conv2DTranspose", "conv2d_transpose"),
        ("GlobalAveragePooling2D", "global_average_pooling2d"),
        ("SpatialDropout2D", "spatial_dropout2d"),
    ],
)
def test_names_are_those_of_keras(class_name: str, name: str) -> None:
    (named,) = name_layers([{"class_name": class_name}])
    assert named["config"] == {"name": name}


@pytest.mark.parametrize("config", [{"name": None, "units": 10}, [], "dense", None])
def test_name_that_is_none_is_rejected(config: Any) -> None:
    layers = [{"class_name": "Flatten"}, {"class_name": "Dense", "config": config}]
    with pytest.raises(SpecError):
        parse_spec({"model": {"keras": {"class_name": "Sequential", "config": {"layers": layers}}}})
