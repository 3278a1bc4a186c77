"""From a spec to a Keras model. The input is uint8 0-255: scaling is part of the network, so that training
and serving cannot differ in it."""

from typing import Any, assert_never

import keras
import numpy as np
from keras import layers as kl

from specs.experiment import ExperimentSpec
from specs.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D, Regularizer
from specs.preprocessing import Scale
from worker.trainer.data import Images


def build(spec: ExperimentSpec, training_images: Images) -> keras.Model:
    """Build, seeded by the spec. The training part gives `standardize` its mean and deviation."""
    keras.utils.set_random_seed(spec.training.seed)
    network = spec.network()
    return keras.Sequential(
        [
            keras.Input(network.input_shape, dtype=spec.dataset.facts.dtype),
            _scaling(spec.preprocessing.scale, training_images),
            *(_layer(layer) for layer in network.layers),
        ]
    )


def ends_in_softmax(spec: ExperimentSpec) -> bool:
    """True if the network's own answer is a probability for each class; else it counts as logits."""
    last = next((each for each in reversed(spec.network().layers) if isinstance(each, Dense)), None)
    return last is not None and last.activation == "softmax"


def probabilities_of(model: keras.Model, spec: ExperimentSpec) -> keras.Model:
    """The network whose output is a probability for each class: what is evaluated and served."""
    if ends_in_softmax(spec):
        return model
    return keras.Sequential([keras.Input(model.input_shape[1:], dtype=spec.dataset.facts.dtype), model, kl.Softmax()])


def _scaling(scale: Scale, training_images: Images) -> kl.Layer:
    match scale:
        case "none":
            return kl.Rescaling(1.0)
        case "unit":
            return kl.Rescaling(1 / 255)
        case "centered":
            return kl.Rescaling(1 / 127.5, offset=-1.0)
        case "standardize":
            mean = float(np.mean(training_images, dtype=np.float64))
            deviation = float(np.std(training_images, dtype=np.float64)) or 1.0
            return kl.Rescaling(1 / deviation, offset=-mean / deviation)
        case _:
            assert_never(scale)


def _layer(layer: Layer) -> kl.Layer:
    match layer:
        case Conv2D() | Dense():
            arguments = _arguments(layer) | {"kernel_regularizer": _regularizer(layer.kernel_regularizer)}
            return (kl.Conv2D if isinstance(layer, Conv2D) else kl.Dense)(**arguments)
        case MaxPooling2D():
            return kl.MaxPooling2D(**_arguments(layer))
        case Flatten():
            return kl.Flatten()
        case Dropout():
            return kl.Dropout(**_arguments(layer))
        case BatchNormalization():
            return kl.BatchNormalization(**_arguments(layer))
        case _:
            assert_never(layer)


def _arguments(layer: Layer) -> dict[str, Any]:
    return layer.model_dump(exclude={"type"})


def _regularizer(spec: Regularizer | None) -> keras.Regularizer | None:
    return None if spec is None else keras.regularizers.L1L2(l1=spec.l1, l2=spec.l2)
