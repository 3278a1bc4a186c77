"""What `model.to_json()` writes, against what Keras itself makes of it."""

import json
import os
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    return keras


def digits(document: Any, **rest: Any) -> ExperimentSpec:
    return parse_spec({"model": {"keras": document, **rest}})


def document_of(model: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(model.to_json())
    return document


def assert_same(model: Any, spec: ExperimentSpec) -> None:
    table = [(row.name, row.type, row.output_shape, row.parameters) for row in spec.network.table]
    assert table == [
        (layer.name, type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
        for layer in model.layers
        if type(layer).__name__ != "InputLayer"
    ]
    trainable = sum(variable.shape.num_elements() for variable in model.trainable_variables)
    assert spec.network.parameters.trainable == trainable


def everything(keras: Any) -> Any:
    kl, penalties = keras.layers, keras.regularizers
    return [
        kl.Rescaling(2.0, 1),
        kl.Conv2D(4, 3, padding="same", activation="relu", kernel_regularizer=penalties.L2(1e-4), name="first"),
        kl.BatchNormalization(momentum=0.9),
        kl.MaxPooling2D(),
        kl.ReLU(max_value=6),
        kl.LeakyReLU(0.1),
        kl.ZeroPadding2D(((1, 0), (2, 1))),
        kl.SpatialDropout2D(0.1),
        kl.Dropout(0.2),
        kl.SeparableConv2D(4, 1, depthwise_regularizer=penalties.L1(0.5)),
        kl.DepthwiseConv2D((1, 2), depth_multiplier=2, depthwise_initializer="zeros"),
        kl.LayerNormalization(),
        kl.Softmax(),
        kl.Activation("swish"),
        kl.AveragePooling2D(1),
        kl.GlobalMaxPooling2D(keepdims=True),
        kl.GlobalAveragePooling2D(),
        kl.Flatten(),
        kl.Dense(12, kernel_initializer="he_normal", activity_regularizer=penalties.L1(0.25)),
        kl.Dense(10, activation="softmax", kernel_regularizer=penalties.L1L2(0.5, 0.25)),
    ]


def test_sequential_model_has_table_of_keras(keras: ModuleType) -> None:
    model = keras.Sequential([keras.Input((8, 8, 1)), *everything(keras)])

    assert_same(model, digits(document_of(model)))


def test_layer_arguments_are_read(keras: ModuleType) -> None:
    model = keras.Sequential([keras.Input((8, 8, 1)), *everything(keras)])
    layers: Any = digits(document_of(model)).network.layers

    assert layers[1].model_dump(include={"filters", "kernel_size", "padding", "activation"}) == {
        "filters": 4,
        "kernel_size": (3, 3),
        "padding": "same",
        "activation": "relu",
    }
    assert layers[1].kernel_regularizer.l2 == pytest.approx(1e-4)
    assert layers[13].activation == "silu"
    assert layers[18].kernel_initializer == "he_normal"
    assert layers[18].activity_regularizer.l1 == 0.25
    assert (layers[19].kernel_regularizer.l1, layers[19].kernel_regularizer.l2) == (0.5, 0.25)


def test_activation_given_as_layer_is_that_layer(keras: ModuleType) -> None:
    kl = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            kl.Activation(kl.LeakyReLU(0.1), name="leaky"),
            kl.Conv2D(4, 1, groups=1, activation=kl.ReLU(max_value=6), name="conv"),
            kl.Flatten(name="flat"),
            kl.Dense(10, name="answer"),
            kl.Activation(kl.Softmax(), name="probabilities"),
        ]
    )
    network = digits(document_of(model)).network

    assert [(node.name, node.layer.type) for node in network.nodes] == [
        ("leaky", "LeakyReLU"),
        ("conv", "Conv2D"),
        ("conv_activation", "ReLU"),
        ("flat", "Flatten"),
        ("answer", "Dense"),
        ("probabilities", "Softmax"),
    ]
    assert network.layers[0].model_dump()["negative_slope"] == 0.1
    assert network.gives_probabilities


GROUPED_INITIALIZERS = [
    *("he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "glorot_uniform", "glorot_normal", "random_normal"),
    *({"scale": 3.0, "mode": mode, "distribution": "untruncated_normal"} for mode in ("fan_in", "fan_out", "fan_avg")),
]


@pytest.mark.parametrize("given", GROUPED_INITIALIZERS, ids=str)
def test_grouped_kernel_is_drawn_as_keras_draws_it(keras: ModuleType, given: str | dict[str, Any]) -> None:
    keras.utils.set_random_seed(0)
    initializer = keras.initializers.VarianceScaling(**given) if isinstance(given, dict) else given
    grouped = keras.layers.Conv2D(512, 5, groups=512, kernel_initializer=initializer)
    layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(512, 1), grouped, keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([*layers, keras.layers.Dense(10)])
    layer: Any = digits(document_of(model)).network.layers[1]

    assert layer.type == "DepthwiseConv2D"
    arguments = layer.model_dump(include={"depthwise_initializer"})["depthwise_initializer"]
    ours = (
        keras.initializers.get(arguments)
        if isinstance(arguments, str)
        else getattr(keras.initializers, arguments.pop("type"))(**arguments)
    )
    drawn, expected = ours((5, 5, 512, 1)), grouped.kernel
    assert float(keras.ops.std(drawn)) == pytest.approx(float(keras.ops.std(expected)), rel=0.03)


def test_axes_of_fans_are_named(keras: ModuleType) -> None:
    initializer = keras.initializers.HeNormal(input_axes=(0,), output_axes=(1,))
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10, kernel_initializer=initializer)]
    with pytest.raises(SpecError) as caught:
        digits(document_of(keras.Sequential(layers)))

    pointer = "/model/keras/config/layers/2/config/kernel_initializer/config/"
    assert caught.value.problems[0].pointer == f"{pointer}input_axes"
    assert "`input_axes` [0] of HeNormal in `kernel_initializer` is not supported" in caught.value.problems[0].detail


def test_grouped_kernel_cannot_be_orthogonal(keras: ModuleType) -> None:
    kl = keras.layers
    grouped = kl.Conv2D(4, 1, groups=4, kernel_initializer="orthogonal", name="grouped")
    layers = [keras.Input((8, 8, 1)), kl.Conv2D(4, 1), grouped, kl.Flatten(), kl.Dense(10)]
    with pytest.raises(SpecError) as caught:
        digits(document_of(keras.Sequential(layers)))

    [problem] = caught.value.problems
    assert problem.pointer == "/model/keras/config/layers/2/config/kernel_initializer"
    assert "Conv2D `grouped`: orthogonal is not supported" in problem.detail


def branches(keras: Any) -> Any:
    kl = keras.layers
    images = keras.Input((8, 8, 1), name="images")
    left = kl.Conv2D(3, 3, padding="same", name="left")(images)
    right = kl.Conv2D(3, 1, activation="relu", name="right")(images)
    merged = kl.Add(name="sum")([left, right])
    merged = kl.Concatenate()([merged, left, images])
    merged = kl.Average()([merged, merged])
    return keras.Model(images, kl.Dense(10, activation="softmax", name="answer")(kl.Flatten()(merged)))


def test_functional_model_has_table_of_keras(keras: ModuleType) -> None:
    model = branches(keras)
    spec = digits(document_of(model))

    assert_same(model, spec)
    assert not spec.network.is_sequential
    assert spec.network.last_activation == "softmax"


def test_every_merge_layer_is_known(keras: ModuleType) -> None:
    kl = keras.layers
    images = keras.Input((8, 8, 1))
    one, other = kl.Flatten()(images), kl.Flatten()(images)
    merges = (kl.Subtract, kl.Multiply, kl.Average, kl.Maximum, kl.Add)
    merged = kl.Concatenate()([merge()([one, other]) for merge in merges])
    model = keras.Model(images, kl.Dense(10)(merged))

    assert_same(model, digits(document_of(model)))


def test_layers_in_any_order_are_sorted(keras: ModuleType) -> None:
    document = document_of(branches(keras))
    expected = digits(document).network
    document["config"]["layers"].reverse()
    network = digits(document).network

    assert {row.name for row in network.table} == {row.name for row in expected.table}
    assert network.parameters == expected.parameters
    assert network.table[-1].name == "answer"


def test_list_format_of_older_releases_is_read(keras: ModuleType) -> None:
    document = document_of(branches(keras))
    expected = digits(document).network
    for layer in document["config"]["layers"]:
        for node in layer["inbound_nodes"]:
            tensors = node["args"][0] if isinstance(node["args"][0], list) else node["args"]
            layer["inbound_nodes"] = [[[*tensor["config"]["keras_history"], {}] for tensor in tensors]]
    document["config"]["input_layers"] = [document["config"]["input_layers"]]
    document["config"]["output_layers"] = [document["config"]["output_layers"]]
    document["class_name"] = document["registered_name"] = "Model"

    assert digits(document).network == expected


sides = st.integers(1, 3)
middles = st.lists(
    st.one_of(
        st.tuples(st.just("Conv2D"), st.fixed_dictionaries({"filters": sides, "kernel_size": sides})),
        st.tuples(st.just("MaxPooling2D"), st.fixed_dictionaries({"pool_size": sides, "padding": st.just("same")})),
        st.tuples(st.just("BatchNormalization"), st.fixed_dictionaries({"scale": st.booleans()})),
        st.tuples(
            st.just("DepthwiseConv2D"), st.fixed_dictionaries({"kernel_size": st.just(1), "use_bias": st.booleans()})
        ),
        st.tuples(st.just("Dense"), st.fixed_dictionaries({"units": sides})),
    ),
    max_size=3,
)


@given(middles)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
def test_random_models_agree_with_keras(keras: ModuleType, middle: list[tuple[str, dict[str, Any]]]) -> None:
    keras.utils.clear_session(free_memory=False)
    layers = [getattr(keras.layers, name)(**arguments) for name, arguments in middle]
    end = [keras.layers.Flatten(), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((8, 8, 1)), *layers, *end])

    assert_same(model, digits(document_of(model)))
