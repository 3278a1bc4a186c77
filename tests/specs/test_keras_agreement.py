"""The arithmetic of `specs` against Keras itself."""

import inspect
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from specs import vocabulary
from specs.experiment import parse_spec
from specs.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D
from specs.network import network
from specs.presets import PRESETS
from specs.schema import FieldError

LAYERS = TypeAdapter(tuple[Layer, ...])


@pytest.fixture(scope="module")
def keras():
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    return keras


def built_by_keras(keras, layers, input_shape):
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input(input_shape)])
    for layer in layers:
        arguments = layer.model_dump(exclude={"type"})
        if arguments.get("kernel_regularizer"):
            arguments["kernel_regularizer"] = keras.regularizers.L1L2(**arguments["kernel_regularizer"])
        model.add(getattr(keras.layers, layer.type)(**arguments))
    return model


def assert_same(built, model):
    table = [(row.name, row.type, row.output_shape, row.parameters) for row in built.table]
    expected = [
        (layer.name, type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
        for layer in model.layers
    ]
    trainable = sum(variable.shape.num_elements() for variable in model.trainable_variables)
    assert table == expected
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
        "use_bias": st.booleans(),
        "activation": st.sampled_from(["relu", "tanh"]),
        "kernel_regularizer": regularizers,
    },
)
poolings = st.fixed_dictionaries(
    {"type": st.just("MaxPooling2D")},
    optional={"pool_size": windows, "strides": st.none() | windows, "padding": paddings},
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

image_parts = st.lists(convolutions | poolings | denses | normalizations | dropouts, max_size=5)
any_parts = st.lists(denses | normalizations | dropouts | flattens | convolutions | poolings, max_size=2)
shapes = st.tuples(st.integers(1, 14), st.integers(1, 14), st.integers(1, 3))
seen = {"valid": 0, "invalid": 0}


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(image=image_parts, rest=any_parts, input_shape=shapes)
def check_random_networks(keras, image, rest, input_shape):
    documents = [*image, *rest, {"type": "Flatten"}, {"type": "Dense"}]
    layers = LAYERS.validate_python(documents, strict=False)
    try:
        built = network(layers, input_shape, 7)
    except FieldError:
        seen["invalid"] += 1
        with pytest.raises(ValueError, match=r"zero or negative|incompatible with the layer"):
            built_by_keras(keras, layers, input_shape)
        return
    seen["valid"] += 1
    assert_same(built, built_by_keras(keras, built.layers, input_shape))


def test_random_networks_have_kerass_shapes_counts_and_names_or_are_refused_by_both(keras):
    seen.update(valid=0, invalid=0)
    check_random_networks(keras)
    assert min(seen.values()) > 20, seen


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_built_alike(keras, name):
    built = parse_spec(PRESETS[name].spec, PRESETS[name].datasets).network()
    assert_same(built, built_by_keras(keras, built.layers, built.input_shape))


@pytest.mark.parametrize("layer", [Conv2D, MaxPooling2D, Flatten, Dense, Dropout, BatchNormalization])
def test_layers_have_kerass_arguments_and_defaults(keras, layer):
    assert_defaults(layer, getattr(keras.layers, layer.__name__))


def assert_defaults(ours, theirs):
    parameters = inspect.signature(theirs.__init__).parameters
    for name, field in ours.model_fields.items():
        if name == "type" or field.is_required() or (ours is Dense and name == "units"):
            continue
        default = parameters[name].default
        assert field.default in (default, (default, default)), name


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
