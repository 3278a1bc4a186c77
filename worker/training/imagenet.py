"""ImageNet weights of an application, `model.weights: imagenet`."""

import logging
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from specs.applications import HEAD, ApplicationName
from specs.experiment import ExperimentSpec
from specs.keras_document import plain_name
from specs.transfer import layers_with_weights
from worker.training.lite_weights import lite_weights
from worker.training.network import flatten_layers
from worker.training.torch_state import Array, NotAStateDict
from worker.training.transfer import WeightsUnavailable
from worker.training.weights_files import weights_file

log = logging.getLogger(__name__)


def load_imagenet(
    model: keras.Model, spec: ExperimentSpec, models_dir: Path | None, transferred: Mapping[str, str]
) -> None:
    """Give the layers of the application its ImageNet weights, but for those that `transferred` has weights for. Does
    nothing if the spec does not ask for them, or no layer is left. Raises WeightsUnavailable."""
    name = spec.model.application
    names = {node.name for node in layers_with_weights(spec.network)} - {HEAD, *transferred}
    if name is None or not spec.model.starts_from_imagenet or not names:
        return
    path = weights_file(name, models_dir)
    try:
        weights = lite_weights(path) if name == "EfficientNetLite0" else _keras_weights(name, path)
        set_weights(model, {layer: weights[layer] for layer in names})
    except (OSError, ValueError, KeyError, NotAStateDict) as error:
        raise WeightsUnavailable(
            f"{path} does not have the weights of {name}: {error}; replace it, or remove it so that it is downloaded"
        ) from error
    log.info("ImageNet weights of %s: %s", name, path)


def set_weights(model: keras.Model, weights: Mapping[str, list[Array]]) -> None:
    """By names of layers. An array may have another shape of as many values: ours are plain layers in place of some
    that only `keras.applications` has. Raises ValueError if one does not fit."""
    layers = {layer.name: layer for layer in flatten_layers(model)}
    for name, arrays in weights.items():
        shapes = [weight.shape for weight in layers[name].weights]
        layers[name].set_weights(
            [np.asarray(array).reshape(shape) for array, shape in zip(arrays, shapes, strict=True)]
        )


def _keras_weights(name: ApplicationName, path: Path) -> dict[str, list[Array]]:
    """As Keras reads them into its own network, by the names that its layers have in ours."""
    own = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(None, None, 3))
    own.load_weights(path)
    return {plain_name(layer.name): layer.get_weights() for layer in own.layers if layer.weights}
