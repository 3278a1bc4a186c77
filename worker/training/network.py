"""Building the Keras model of a spec. Its input is uint8 0-255: scaling is part of the network, so that training and
serving cannot differ in it."""

from typing import assert_never

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from specs.assembly import INPUT, Node
from specs.experiment import ExperimentSpec
from specs.layers import Merge
from specs.preprocessing import Scale
from worker.data import Images

# All other names are free for the layers of a spec.
_INPUT_NAME = "trainyard_input"
_SCALING_NAME = "trainyard_scaling"
_BATCH_SIZE = 512


def build(spec: ExperimentSpec, training_images: Images) -> keras.Model:
    """Seeded by the spec. `standardize` takes its mean and deviation from the training split.

    Layers are named as in the spec's layer table; the first is the scaling.
    """
    keras.utils.set_random_seed(spec.training.seed)
    network = spec.network
    layers = [_layer(node) for node in network.nodes]
    for layer in layers[: network.frozen]:
        layer.trainable = False
    images = keras.Input(network.input_shape, dtype=spec.dataset.facts.dtype, name=_INPUT_NAME)
    scaling = _scaling(spec.preprocessing.scale, training_images)
    if network.is_sequential:
        return keras.Sequential([images, scaling, *layers])
    outputs = {INPUT: scaling(images)}
    for index, (node, layer) in enumerate(zip(network.nodes, layers, strict=True)):
        received = [outputs[each] for each in node.inputs]
        outputs[index] = layer(received if isinstance(node.layer, Merge) else received[0])
    return keras.Model(images, outputs[len(layers) - 1])


def flatten_layers(model: keras.Model) -> list[keras.Layer]:
    """In order, also those of nested models, without the inputs."""
    inner = [flatten_layers(layer) if hasattr(layer, "layers") else [layer] for layer in model.layers]
    return [layer for layers in inner for layer in layers if not isinstance(layer, keras.layers.InputLayer)]


def ends_in_softmax(spec: ExperimentSpec) -> bool:
    """True if the network's outputs are probabilities; otherwise they are logits."""
    return spec.network.last_activation == "softmax"


def with_softmax(model: keras.Model, spec: ExperimentSpec) -> keras.Model:
    """The network that is evaluated and served: its outputs are probabilities."""
    if ends_in_softmax(spec):
        return model
    return keras.Sequential([keras.Input(model.input_shape[1:], dtype=spec.dataset.facts.dtype), model, kl.Softmax()])


def predict(model: keras.Model, images: Images) -> NDArray[np.float32]:
    """Probabilities (samples, classes), float32, of a network that ends in softmax."""
    return np.asarray(model.predict(images, batch_size=_BATCH_SIZE, verbose=0), dtype=np.float32)


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


def _layer(node: Node) -> kl.Layer:
    """The Keras layer and arguments of the same names."""
    arguments = node.layer.model_dump(exclude={"type"})
    for name, value in arguments.items():
        if name.endswith("_regularizer") and value is not None:
            arguments[name] = keras.regularizers.L1L2(**value)
    layer: kl.Layer = getattr(kl, node.layer.type)(**arguments, name=node.name)
    return layer
