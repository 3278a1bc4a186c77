"""The arithmetic of `specs` against Keras itself."""

import inspect
import os
from dataclasses import replace
from types import ModuleType
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from specs import keras_names
from specs.experiment import parse_spec
from specs.layers import Cropping2D, Dense, Layer, PlainLayer, ZeroPadding2D
from specs.network import Network
from specs.network_builder import build_network, complete_layers
from specs.optimizers import SGD, Adam
from specs.presets import PRESETS
from specs.schema import FieldError

LAYERS = TypeAdapter(tuple[Layer, ...])
OPTIMIZERS = {"Adam": Adam, "SGD": SGD}


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    return keras


def built_by_keras(keras: Any, layers: Any, input_shape: Any) -> Any:
    """By what is written in the documentation of Keras, not by the trainer."""
    # Collecting garbage, which clear_session does by default, takes longer than all the rest.
    keras.utils.clear_session(free_memory=False)
    inputs = output = keras.Input(input_shape)
    for layer in layers:
        output = residual_by_keras(keras, layer, output) if layer.type == "Residual" else by_keras(keras, layer)(output)
    return keras.Model(inputs, output)


def by_keras(keras: Any, layer: Any) -> Any:
    arguments = layer.model_dump(exclude={"type"})
    for name in arguments:
        if name.endswith("_regularizer") and arguments[name]:
            arguments[name] = keras.regularizers.L1L2(**arguments[name])
    return getattr(keras.layers, layer.type)(**arguments)


def residual_by_keras(keras: Any, block: Any, shortcut: Any) -> Any:
    output = shortcut
    for layer in block.layers:
        output = by_keras(keras, layer)(output)
    if output.shape != shortcut.shape:
        if len(output.shape) != len(shortcut.shape):
            raise ValueError("shortcut: the block changes the number of axes")
        if len(output.shape) == 2:
            shortcut = keras.layers.Dense(output.shape[-1])(shortcut)
        else:
            strides = [smallest_stride(*sides) for sides in zip(shortcut.shape[1:3], output.shape[1:3], strict=True)]
            shortcut = keras.layers.Conv2D(output.shape[-1], 1, strides=strides)(shortcut)
    output = keras.layers.Add()([output, shortcut])
    return keras.layers.Activation(block.activation)(output) if block.activation else output


def smallest_stride(side: int, wanted: int) -> int:
    """By counting where the kernel of one pixel is put down."""
    for stride in range(1, side + 1):
        if len(range(0, side, stride)) == wanted:
            return stride
    raise ValueError(f"shortcut: no stride makes {wanted} of {side}")


def assert_same(built: Network, model: Any) -> None:
    for row in built.table[: built.frozen]:
        model.get_layer(row.name).trainable = False
    table = [(row.name, row.type, row.output_shape, row.parameters) for row in built.table]
    expected = [
        (layer.name, type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
        for layer in model.layers
        if type(layer).__name__ != "InputLayer"
    ]
    shapes = {layer.name: tuple(tuple(weight.shape) for weight in layer.weights) for layer in model.layers}
    trainable = sum(variable.shape.num_elements() for variable in model.trainable_variables)
    if built.is_sequential:
        assert table == expected
    # Keras sorts the layers of a block by their depth, not by the order in which they were made.
    assert sorted(table) == sorted(expected)
    assert {node.name: node.weights.all for node in built.nodes}.items() <= shapes.items()
    assert built.parameters.total == model.count_params()
    assert built.parameters.trainable == trainable


windows = st.integers(1, 4) | st.tuples(st.integers(1, 4), st.integers(1, 4))
paddings = st.sampled_from(["valid", "same"])
regularizers = st.none() | st.just({"l2": 0.01})
convolutions = st.fixed_dictionaries(
    {"type": st.just("Conv2D"), "filters": st.integers(1, 6), "kernel_size": windows},
    optional={
        "strides": st.integers(1, 3),
        "padding": paddings,
        "dilation_rate": st.integers(1, 2),
        "use_bias": st.booleans(),
        "activation": st.sampled_from(["relu", "tanh"]),
        "kernel_regularizer": regularizers,
    },
)
poolings = st.fixed_dictionaries(
    {"type": st.just("MaxPooling2D")},
    optional={"pool_size": windows, "strides": st.none() | windows, "padding": paddings},
)
averages = st.fixed_dictionaries(
    {"type": st.just("AveragePooling2D"), "pool_size": windows}, optional={"padding": paddings}
)
depthwise = st.fixed_dictionaries(
    {"type": st.just("DepthwiseConv2D"), "kernel_size": windows},
    optional={
        "strides": windows,
        "padding": paddings,
        "dilation_rate": windows,
        "depth_multiplier": st.integers(1, 3),
        "use_bias": st.booleans(),
    },
)
separable = st.fixed_dictionaries(
    {"type": st.just("SeparableConv2D"), "filters": st.integers(1, 6), "kernel_size": windows},
    optional={"padding": paddings, "depth_multiplier": st.integers(1, 3), "pointwise_regularizer": regularizers},
)
global_poolings = st.fixed_dictionaries(
    {"type": st.sampled_from(["GlobalAveragePooling2D", "GlobalMaxPooling2D"])},
    optional={"keepdims": st.booleans()},
)
zero_paddings = st.fixed_dictionaries(
    {"type": st.just("ZeroPadding2D")},
    optional={"padding": st.integers(0, 2) | st.lists(st.integers(0, 2), min_size=2, max_size=2)},
)
plain = st.sampled_from(
    [
        {"type": "SpatialDropout2D", "rate": 0.2},
        {"type": "LayerNormalization", "center": False},
        {"type": "Activation", "activation": "mish"},
        {"type": "LeakyReLU"},
        {"type": "ReLU", "max_value": 6.0},
        {"type": "Softmax"},
        {"type": "Rescaling", "scale": 0.5},
        {"type": "Normalization"},
        {"type": "Normalization", "mean": 0.5, "variance": 2.0},
        {"type": "PReLU"},
        {"type": "PReLU", "shared_axes": [1]},
        {"type": "ELU", "alpha": 0.5},
        {"type": "GaussianNoise", "stddev": 0.1},
        {"type": "GaussianDropout", "rate": 0.1},
        {"type": "AlphaDropout", "rate": 0.1},
        {"type": "Reshape", "target_shape": [-1, 1, 1]},
    ]
)
croppings = st.fixed_dictionaries(
    {"type": st.just("Cropping2D")},
    optional={"cropping": st.integers(0, 2) | st.lists(st.integers(0, 2), min_size=2, max_size=2)},
)
upsamplings = st.fixed_dictionaries(
    {"type": st.just("UpSampling2D")},
    optional={"size": st.integers(1, 2)},
)
denses = st.fixed_dictionaries(
    {"type": st.just("Dense"), "units": st.integers(1, 6)},
    optional={"use_bias": st.booleans(), "kernel_regularizer": regularizers},
)
normalizations = st.fixed_dictionaries(
    {"type": st.just("BatchNormalization")}, optional={"center": st.booleans(), "scale": st.booleans()}
)
dropouts = st.fixed_dictionaries({"type": st.just("Dropout"), "rate": st.sampled_from([0, 0.5])})
flattens = st.just({"type": "Flatten"})

of_images = convolutions | depthwise | separable | poolings | averages | denses | normalizations | plain
residuals = st.fixed_dictionaries(
    {"type": st.just("Residual"), "layers": st.lists(of_images, min_size=1, max_size=3)},
    optional={"activation": st.just("relu")},
)
image_parts = st.lists(of_images | dropouts | zero_paddings | croppings | upsamplings | residuals, max_size=5)
any_parts = st.lists(denses | normalizations | dropouts | flattens | convolutions | global_poolings, max_size=2)
shapes = st.tuples(st.integers(1, 14), st.integers(1, 14), st.integers(1, 3))
EXAMPLES = int(os.environ.get("KERAS_AGREEMENT_EXAMPLES", "60"))
# Windows that do not fit; layers of images on features; strides with dilation; and the reference's own, see above.
REJECTIONS = (
    r"zero or negative|Computed output size would be negative|is incompatible with the layer"
    r"|not supported in conjunction|^shortcut: "
)
seen = {"valid": 0, "invalid": 0}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.generate,),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(image=image_parts, rest=any_parts, input_shape=shapes, frozen=st.integers(0, 3))
def check_random_networks(keras: Any, image: Any, rest: Any, input_shape: Any, frozen: int) -> None:
    documents = [*image, *rest, {"type": "Flatten"}, {"type": "Dense"}]
    layers = complete_layers(LAYERS.validate_python(documents, strict=False), 7)
    try:
        built = build_network(layers, input_shape, 7)
    except FieldError:
        seen["invalid"] += 1
        with pytest.raises(ValueError, match=REJECTIONS):
            built_by_keras(keras, layers, input_shape)
        return
    seen["valid"] += 1
    built = replace(built, frozen=min(frozen, len(built.nodes)))
    assert_same(built, built_by_keras(keras, layers, input_shape))


def test_random_networks_agree_with_keras(keras: ModuleType) -> None:
    seen.update(valid=0, invalid=0)
    check_random_networks(keras)
    assert min(seen.values()) > EXAMPLES / 6, seen


# That of an application is compared in tests/worker/training/test_imagenet.py.
@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.layers])
def test_presets_agree_with_keras(keras: ModuleType, name: str) -> None:
    built = parse_spec(PRESETS[name].spec, PRESETS[name].datasets).network
    assert_same(built, built_by_keras(keras, built.layers, built.input_shape))


@pytest.mark.parametrize("layer", PlainLayer.__args__)
def test_layer_arguments_equal_keras(keras: ModuleType, layer: type[Any]) -> None:
    assert_defaults(layer, getattr(keras.layers, layer.__name__), LEFT_OUT_OF_LAYERS)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_arguments_equal_keras(keras: ModuleType, name: str) -> None:
    assert_defaults(OPTIMIZERS[name], getattr(keras.optimizers, name))


# Keras's arguments that are left out on purpose: docs/decisions/0012-layers.md says why.
LEFT_OUT = {"self", "kwargs", "name", "dtype"}
LEFT_OUT_OF_LAYERS = LEFT_OUT | {
    *("data_format", "axis", "groups", "seed", "noise_shape", "kernel_constraint", "bias_constraint"),
    *("depthwise_constraint", "pointwise_constraint", "beta_constraint", "gamma_constraint"),
    *("moving_mean_initializer", "moving_variance_initializer", "renorm", "renorm_clipping", "renorm_momentum"),
    *("synchronized", "lora_rank", "lora_alpha", "quantization_config", "alpha_constraint", "interpolation"),
}
# Where Keras takes one number for both sides, or for all four, ours have them all.
WINDOWS = {"kernel_size", "strides", "dilation_rate", "pool_size", "size"}


def assert_defaults(ours: Any, theirs: Any, left_out: Any = LEFT_OUT) -> None:
    parameters = inspect.signature(theirs.__init__).parameters
    fields = set(ours.model_fields) - {"type"}
    assert fields <= set(parameters)
    assert set(parameters) - fields <= left_out
    for name in fields:
        field, default = ours.model_fields[name], parameters[name].default
        if ours is Dense and name == "units":
            assert field.default is None
        elif field.is_required():
            assert default is inspect.Parameter.empty, name
        else:
            assert (field.default, name) == (spread(ours, name, default), name)


def spread(ours: Any, name: str, default: Any) -> Any:
    if (ours, name) in ((ZeroPadding2D, "padding"), (Cropping2D, "cropping")):
        return (default, default) if ours is ZeroPadding2D else default
    if name.endswith("_initializer"):
        return keras_names.snake_case(default)
    return (default, default) if name in WINDOWS and isinstance(default, int) else default


def test_every_activation_works_in_keras_layer(keras: ModuleType) -> None:
    import numpy

    values = numpy.array([[0.5, -1.0, 2.0, 0.0]], dtype="float32")
    ours = get_args(keras_names.Activation)
    for name in ours:
        assert keras.layers.Activation(name)(values).shape == values.shape, name
    known = keras.src.activations.ALL_OBJECTS_DICT
    assert set(known) - set(ours) == {"glu", "threshold"}


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4, 5)])
def test_every_initializer_works_in_keras_kernel(keras: ModuleType, shape: tuple[int, ...]) -> None:
    for name in get_args(keras_names.Initializer):
        assert keras.initializers.get(name)(shape=shape).shape == shape, name
