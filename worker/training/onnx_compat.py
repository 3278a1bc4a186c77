"""Layers in terms of operations that ONNX has; Keras uses some that it lacks."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops

_Activation = Callable[[Any], Any]


def _gelu(x: Any) -> Any:
    """x times the standard normal CDF of x (Hendrycks & Gimpel 2016), by erf instead of erfc."""
    return 0.5 * x * (1 + ops.erf(x / math.sqrt(2)))


def _celu(x: Any) -> Any:
    """x, or exp(x) - 1 where x is negative (Barron 2017), by exp instead of expm1."""
    return ops.maximum(x, 0) + ops.exp(ops.minimum(x, 0)) - 1


_EXPORTABLE: dict[_Activation, _Activation] = {keras.activations.gelu: _gelu, keras.activations.celu: _celu}


@contextmanager
def exportable_layers(model: keras.Model) -> Iterator[None]:
    """Within the block, the layers of `model` compute the same values by operations that can be exported."""
    changes = [change for layer in _layers(model) for change in _changes(layer)]
    originals = [getattr(layer, name) for layer, name, _ in changes]
    try:
        for layer, name, value in changes:
            setattr(layer, name, value)
        yield
    finally:
        for (layer, name, _), original in zip(changes, originals, strict=True):
            setattr(layer, name, original)


def _changes(layer: keras.Layer) -> Iterator[tuple[keras.Layer, str, Any]]:
    if getattr(layer, "activation", None) in _EXPORTABLE:
        yield layer, "activation", _EXPORTABLE[layer.activation]
    if isinstance(layer, keras.layers.Normalization):
        # Tensors would become inputs of the exported network, arrays become constants.
        yield layer, "mean", np.asarray(layer.mean)
        yield layer, "variance", np.asarray(layer.variance)


def _layers(model: keras.Model) -> Iterator[keras.Layer]:
    for layer in model.layers:
        yield from _layers(layer) if hasattr(layer, "layers") else (layer,)
