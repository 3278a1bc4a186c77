"""From a spec to a Keras model. Pictures come as uint8 0-255: scaling is part of the network, so that training and
serving cannot differ in it."""

from typing import Any

import keras
import numpy as np

from specs.experiment import ExperimentSpec
from specs.layers import LayerSpec, Regularizer, Residual
from specs.network import Network
from specs.preprocessing import Scale
from worker.trainer.data import Images


def build(spec: ExperimentSpec, training_images: Images) -> keras.Model:
    """Build, seeded by the spec. The training part gives `standardize` its mean and deviation."""
    keras.utils.set_random_seed(spec.training.seed)
    network = spec.network()
    inputs = keras.Input(network.input_shape, dtype=spec.dataset.facts.dtype)
    scaled = _scaling(spec.preprocessing.scale, training_images)(inputs)
    return keras.Model(inputs, answer_of(network, scaled))


def answer_of(network: Network, tensor: keras.KerasTensor) -> keras.KerasTensor:
    """What the layers of `network`, made anew, put out for `tensor`."""
    for index, layer in enumerate(network.layers):
        tensor = _applied(layer, tensor, trainable=index >= network.frozen)
    return tensor


def ends_in_softmax(spec: ExperimentSpec) -> bool:
    """True if the network's own answer is a probability for each class; else it counts as logits."""
    return spec.network().answer_activation == "softmax"


def probabilities_of(model: keras.Model, spec: ExperimentSpec) -> keras.Model:
    """The network whose output is a probability for each class: what is evaluated and served."""
    if ends_in_softmax(spec):
        return model
    inputs = keras.Input(model.input_shape[1:], dtype=spec.dataset.facts.dtype)
    return keras.Model(inputs, keras.layers.Softmax()(model(inputs)))


def _scaling(scale: Scale, training_images: Images) -> keras.layers.Layer:
    match scale:
        case "none":
            return keras.layers.Rescaling(1.0)
        case "unit":
            return keras.layers.Rescaling(1 / 255)
        case "centered":
            return keras.layers.Rescaling(1 / 127.5, offset=-1.0)
        case "standardize":
            mean = float(np.mean(training_images, dtype=np.float64))
            deviation = float(np.std(training_images, dtype=np.float64)) or 1.0
            return keras.layers.Rescaling(1 / deviation, offset=-mean / deviation)


def _applied(layer: LayerSpec, tensor: keras.KerasTensor, *, trainable: bool) -> keras.KerasTensor:
    if isinstance(layer, Residual):
        return _block(layer, tensor, trainable=trainable)
    built = _keras_layer(layer)
    built.trainable = trainable
    return built(tensor)


def _block(block: Residual, tensor: keras.KerasTensor, *, trainable: bool) -> keras.KerasTensor:
    changed, around = tensor, tensor
    for layer in block.layers:
        changed = _applied(layer, changed, trainable=trainable)
    if (projection := block.projection(tensor.shape[1:])) is not None:
        around = _applied(projection, tensor, trainable=trainable)
    added = keras.layers.Add()([changed, around])
    return keras.layers.Activation(block.activation)(added) if block.activation else added


def _keras_layer(layer: LayerSpec) -> keras.layers.Layer:
    """Its namesake in Keras, which takes the same arguments."""
    arguments = {name: _argument(getattr(layer, name)) for name in type(layer).model_fields if name != "type"}
    return getattr(keras.layers, layer.type)(**arguments)


def _argument(value: Any) -> Any:
    return keras.regularizers.L1L2(l1=value.l1, l2=value.l2) if isinstance(value, Regularizer) else value
