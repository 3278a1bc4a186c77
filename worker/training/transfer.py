"""Transfer learning: initial weights from another experiment's network, `model.weights_from`."""

import logging

import keras

from models_store.errors import Damaged
from worker.jobs.messages import StartingWeights
from worker.training.network import flatten_layers

log = logging.getLogger(__name__)


class WeightsUnavailable(Exception):
    """The source network was deleted, is damaged, or cannot be loaded."""


def transfer_weights(model: keras.Model, weights: StartingWeights | str) -> None:
    """Copy the weights of the source's layers into the layers that `weights` maps to them; all others keep their
    initial weights. The scaling layer is not part of the spec and never copied. Raises WeightsUnavailable.
    """
    if isinstance(weights, str):
        raise WeightsUnavailable(f"{weights}; post the experiment again with another source")
    layers = {layer.name: layer for layer in flatten_layers(model)}
    others = {layer.name: layer for layer in flatten_layers(_load(weights)) if layer.weights}
    for name, other in weights.layers.items():
        layers[name].set_weights(others[other].get_weights())
    log.info("transferred weights of experiment %s: %s", weights.source, _describe(weights.layers))


def _load(weights: StartingWeights) -> keras.Model:
    try:
        weights.file.read()  # verifies its sha256 before Keras opens it
        return keras.saving.load_model(weights.file.path, compile=False, safe_mode=True)
    except (Damaged, OSError, ValueError) as error:
        raise WeightsUnavailable(
            f"the weights of experiment {weights.source} cannot be read: {error}; "
            "post the experiment again with another source"
        ) from error


def _describe(layers: dict[str, str]) -> str:
    return ", ".join(name if name == other else f"{name} from {other}" for name, other in layers.items())
