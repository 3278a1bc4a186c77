"""The arithmetic of `specs` against Keras itself."""

import inspect
import os
from typing import get_args

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from specs import vocabulary
from specs.experiment import parse_spec
from specs.layers import Dense, Layer, Residual, ZeroPadding2D
from specs.network import Network, network
from specs.presets import PRESETS
from specs.schema import FieldError

LAYERS = TypeAdapter(tuple[Layer, ...])


@pytest.fixture(scope="module")
def keras():
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    return keras


def built_by_keras(keras, built):
    from worker.trainer.network import answer_of

    keras.utils.clear_session()
    image = keras.Input(built.input_shape)
    return keras.Model(image, answer_of(built, image))


def assert_same(built, model):
    table = [(row.name, row.type, row.output_shape, row.parameters) for row in built.table]
    expected = [
        (layer.name, type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
        for layer in model.layers[1:]
    ]
    trainable = sum(variable.shape.num_elements() for variable in model.trainable_variables)
    # Keras sorts the layers of a block by their depth, not by the order in which they were made.
    assert sorted(table) == sorted(expected)
    if len(built.layers) == len(table):
        assert table == expected
    assert built.parameters.total == model.count_params()
    assert built.parameters.trainable == trainable


windows = st.integers(1, 4) | st.tuples(st.integers(1, 4), st.integers(1, 4))
paddings = st.sampled_from(["valid", "same"])
regularizers = st.none() | st.just({"l2": 0.01})
convolving = {
    "strides": st.integers(1, 3),
    "padding": paddings,
    "dilation_rate": st.just(1) | st.integers(1, 2),
    "use_bias": st.booleans(),
    "activation": st.sampled_from(["relu", "tanh"]),
    "activity_regularizer": regularizers,
}


def one_of_type(name, required=None, **optional):
    return st.fixed_dictionaries({"type": st.just(name), **(required or {})}, optional=optional)


kernels = {"kernel_size": windows}
filters = {"filters": st.integers(1, 6), **kernels}
convolutions = (
    one_of_type("Conv2D", filters, kernel_regularizer=regularizers, **convolving)
    | one_of_type("DepthwiseConv2D", kernels, depth_multiplier=st.integers(1, 3), **convolving)
    | one_of_type("SeparableConv2D", filters, depth_multiplier=st.integers(1, 3), **convolving)
)
pooling = {"strides": st.none() | windows, "padding": paddings}
poolings = one_of_type("MaxPooling2D", pool_size=windows, **pooling) | one_of_type(
    "AveragePooling2D", {"pool_size": windows}, **pooling
)
denses = one_of_type("Dense", {"units": st.integers(1, 6)}, use_bias=st.booleans(), kernel_regularizer=regularizers)
normalizing = {"center": st.booleans(), "scale": st.booleans()}
normalizations = one_of_type("BatchNormalization", **normalizing) | one_of_type("LayerNormalization", **normalizing)
activations = one_of_type("Activation", {"activation": st.sampled_from(["relu", "softmax"])}) | one_of_type(
    "LeakyReLU", negative_slope=st.sampled_from([0.0, 0.1])
)
dropouts = one_of_type("Dropout", {"rate": st.sampled_from([0, 0.5])})
spatial_dropouts = one_of_type("SpatialDropout2D", {"rate": st.sampled_from([0, 0.5])})
margins = st.integers(0, 3)
paddings_of_zeros = one_of_type(
    "ZeroPadding2D", padding=margins | st.tuples(margins, margins) | st.tuples(*[st.tuples(margins, margins)] * 2)
)
flattens = st.just({"type": "Flatten"})
global_poolings = one_of_type("GlobalAveragePooling2D", keepdims=st.booleans()) | one_of_type(
    "GlobalMaxPooling2D", keepdims=st.booleans()
)
rescalings = one_of_type("Rescaling", {"scale": st.sampled_from([0.5, 2])})
inner = convolutions | poolings | denses | normalizations | activations
inner |= dropouts | spatial_dropouts | paddings_of_zeros
# Mostly such as keep the size of the picture, so that most blocks fit.
blocks = one_of_type(
    "Residual",
    {"layers": st.lists(inner, min_size=1, max_size=3)},
    activation=st.none() | st.just("relu"),
) | one_of_type(
    "Residual",
    {
        "layers": st.lists(
            one_of_type("Conv2D", filters, padding=st.just("same"), strides=st.integers(1, 3)) | normalizations,
            min_size=1,
            max_size=3,
        )
    },
)

image_parts = st.lists(inner | blocks | rescalings, max_size=5)
any_parts = st.lists(inner | blocks | flattens | global_poolings, max_size=2)
shapes = st.tuples(st.integers(1, 14), st.integers(1, 14), st.integers(1, 3))
EXAMPLES = int(os.environ.get("KERAS_AGREEMENT_EXAMPLES", "60"))
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
def check_random_networks(keras, image, rest, input_shape, frozen):
    documents = [*image, *rest, {"type": "Flatten"}, {"type": "Dense"}]
    try:
        layers = LAYERS.validate_python(documents, strict=False)
    except ValidationError:
        # Strides with dilation: Keras finds that out by itself, but some of it only when the network runs.
        assume(False)
    try:
        built = network(layers, input_shape, 7, frozen)
    except FieldError:
        seen["invalid"] += 1
        unchecked = Network(layers[:-1], (input_shape,), frozen)
        with pytest.raises(ValueError, match=r"zero or negative|incompatible|must be|Computed output|1x1 convolution"):
            built_by_keras(keras, unchecked)
        return
    seen["valid"] += 1
    assert_same(built, built_by_keras(keras, built))


def test_random_networks_have_kerass_shapes_counts_and_names_or_are_refused_by_both(keras):
    seen.update(valid=0, invalid=0)
    check_random_networks(keras)
    assert min(seen.values()) > EXAMPLES / 6, seen


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_built_alike(keras, name):
    built = parse_spec(PRESETS[name].spec, PRESETS[name].datasets).network()
    assert_same(built, built_by_keras(keras, built))


@pytest.mark.parametrize("layer", [each for each in get_args(get_args(Layer)[0]) if each is not Residual])
def test_layers_have_kerass_arguments_and_defaults(keras, layer):
    assert_defaults(layer, getattr(keras.layers, layer.__name__))


def assert_defaults(ours, theirs):
    parameters = inspect.signature(theirs.__init__).parameters
    for name, field in ours.model_fields.items():
        if name == "type" or field.is_required() or (ours is Dense and name == "units"):
            continue
        default = parameters[name].default
        both = (default, default)
        assert field.default in (default, both, (both, both)) or (ours is ZeroPadding2D and field.default[0] == default)


def test_every_activation_is_kerass_and_works_inside_a_layer(keras):
    import numpy

    values = numpy.array([[0.5, -1.0, 2.0, 0.0]], dtype="float32")
    ours = vocabulary.Activation.__args__
    for name in ours:
        assert keras.layers.Activation(name)(values).shape == values.shape, name
    known = keras.src.activations.ALL_OBJECTS_DICT
    assert set(known) - set(ours) == {"glu", "threshold"}


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4, 5)])
def test_every_initializer_is_kerass_and_fits_kernels(keras, shape):
    for name in vocabulary.Initializer.__args__:
        assert keras.initializers.get(name)(shape=shape).shape == shape, name
