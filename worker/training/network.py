"""Building the Keras model of a spec. Its input is uint8 0-255: scaling is part of the network, so that training and
serving cannot differ in it."""

from typing import Any, assert_never

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from specs.assembly import INPUT, Node
from specs.experiment import ExperimentSpec
from specs.input_augmentation import InputAugmentation
from specs.layers import Merge
from specs.preprocessing import Scale
from worker.data import Images

# All other names are free for the layers of a spec.
_RESERVED_PREFIX = "trainyard_"
_INPUT_NAME = "trainyard_input"
_SCALING_NAME = "trainyard_scaling"
_ARRANGEMENT_NAME = "trainyard_arrangement"
_CLASSES_NAME = "trainyard_classes"


def build(spec: ExperimentSpec, training_images: Images) -> keras.Model:
    """Seeded by the spec. `standardize` takes its mean and deviation from the training split.

    Layers are named as in the spec's layer table. Before them come the scaling and, if the network receives samples in
    another arrangement, a Reshape; after the single output for two classes comes a layer that makes two of it.
    """
    keras.utils.set_random_seed(spec.training.seed)
    network = spec.network
    layers = [_layer(node) for node in network.nodes]
    for index, layer in enumerate(layers):
        if network.is_frozen(index):
            layer.trainable = False
    images = keras.Input(spec.input_shape, dtype=spec.dataset.facts.dtype, name=_INPUT_NAME)
    before = [_scaling(spec.preprocessing.scale, training_images)]
    if network.input_shape != spec.input_shape:
        before.append(kl.Reshape(network.input_shape, name=_ARRANGEMENT_NAME))
    after = [_two_classes()] if network.is_binary else []
    if network.is_sequential:
        model = keras.Sequential([images, *before, *layers, *after])
    else:
        outputs = {INPUT: _chain(images, before)}
        for index, (node, layer) in enumerate(zip(network.nodes, layers, strict=True)):
            received = [outputs[each] for each in node.inputs]
            outputs[index] = layer(received if isinstance(node.layer, Merge) else received[0])
        model = keras.Model(images, _chain(outputs[len(layers) - 1], after))
    for layer in after:
        layer.set_weights(_weights_of_two_classes(probabilities=network.gives_probabilities))
    return model


def is_own(layer: keras.Layer) -> bool:
    """Whether `layer` is not one of the spec's network: the scaling, an arrangement, or that of two classes."""
    return str(layer.name).startswith(_RESERVED_PREFIX)


def flatten_layers(model: keras.Model) -> list[keras.Layer]:
    """In order, also those of nested models, without the inputs."""
    inner = [flatten_layers(layer) if hasattr(layer, "layers") else [layer] for layer in model.layers]
    return [layer for layers in inner for layer in layers if not isinstance(layer, keras.layers.InputLayer)]


def with_softmax(model: keras.Model, spec: ExperimentSpec) -> keras.Model:
    """The network that is evaluated and served: its outputs are probabilities."""
    if spec.network.gives_probabilities:
        return model
    return keras.Sequential([keras.Input(model.input_shape[1:], dtype=spec.dataset.facts.dtype), model, kl.Softmax()])


def _scaling(scale: Scale, training_images: Images) -> kl.Layer:
    match scale:
        case "none":
            return kl.Rescaling(1.0, name=_SCALING_NAME)
        case "unit":
            return kl.Rescaling(1 / 255, name=_SCALING_NAME)
        case "centered":
            return kl.Rescaling(1 / 127.5, offset=-1.0, name=_SCALING_NAME)
        case "standardize":
            mean = float(np.mean(training_images, dtype=np.float64))
            deviation = float(np.std(training_images, dtype=np.float64)) or 1.0
            return kl.Rescaling(1 / deviation, offset=-mean / deviation, name=_SCALING_NAME)
        case _:
            assert_never(scale)


def _two_classes() -> kl.Layer:
    """The probabilities, or the logits, of both classes from those of the second one."""
    return kl.Dense(2, trainable=False, name=_CLASSES_NAME)


def _weights_of_two_classes(*, probabilities: bool) -> list[NDArray[np.float32]]:
    """1 - p and p of a probability p; 0 and z of a logit z, whose softmax is the sigmoid of z."""
    kernel, bias = ([[-1, 1]], [1, 0]) if probabilities else ([[0, 1]], [0, 0])
    return [np.array(kernel, dtype=np.float32), np.array(bias, dtype=np.float32)]


def _chain(output: keras.KerasTensor, layers: list[kl.Layer]) -> keras.KerasTensor:
    for layer in layers:
        output = layer(output)
    return output


def _layer(node: Node) -> kl.Layer:
    """The Keras layer and arguments of the same names."""
    if isinstance(node.layer, InputAugmentation):
        return kl.Identity(name=node.name)
    arguments = node.layer.model_dump(exclude={"type"})
    for name, value in arguments.items():
        if name.endswith("_regularizer") and value is not None:
            arguments[name] = keras.regularizers.L1L2(**value)
        if name.endswith("_initializer") and isinstance(value, dict):
            arguments[name] = _initializer(value)
    layer: kl.Layer = getattr(kl, node.layer.type)(**arguments, name=node.name)
    return layer


def _initializer(arguments: dict[str, Any]) -> keras.Initializer:
    kind = getattr(keras.initializers, arguments["type"])
    initializer: keras.Initializer = kind(**{name: value for name, value in arguments.items() if name != "type"})
    return initializer
