"""Beginning with the weights of another experiment's network: `model.weights_from`."""

import logging

import keras

from models_store.errors import Damaged
from worker.training.events import StartingWeights
from worker.training.network import plain_layers

log = logging.getLogger(__name__)


class WeightsUnavailable(Exception):
    """The network to begin with is gone, damaged, or not to be loaded."""


def take_weights(model: keras.Model, weights: StartingWeights | str) -> None:
    """Give the layers that `weights` names those of the source; all others stay as they began.

    The scaling of pixels is no layer of the spec's, and is never taken. Raises WeightsUnavailable.
    """
    if isinstance(weights, str):
        raise WeightsUnavailable(f"{weights}; post the experiment with other ones")
    layers = {layer.name: layer for layer in plain_layers(model)}
    others = {layer.name: layer for layer in plain_layers(_loaded(weights)) if layer.weights}
    for name, other in weights.layers.items():
        layers[name].set_weights(others[other].get_weights())
    log.info("begins with weights of experiment %s: %s", weights.source, _in_words(weights.layers))


def _loaded(weights: StartingWeights) -> keras.Model:
    try:
        weights.file.read()  # for its sum: what was changed is not even unpacked
        return keras.saving.load_model(weights.file.path, compile=False, safe_mode=True)
    except (Damaged, OSError, ValueError) as error:
        raise WeightsUnavailable(
            f"the weights of experiment {weights.source} cannot be read: {error}; post the experiment with other ones"
        ) from error


def _in_words(taken: dict[str, str]) -> str:
    return ", ".join(name if name == other else f"{name} from {other}" for name, other in taken.items())
