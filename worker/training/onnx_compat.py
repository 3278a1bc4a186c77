"""Activations in terms of operations that ONNX has; Keras uses some that it lacks."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
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
def exportable_activations(model: keras.Model) -> Iterator[None]:
    """Within the block, the layers of `model` compute the same values by operations that can be exported."""
    changed = [layer for layer in _layers(model) if getattr(layer, "activation", None) in _EXPORTABLE]
    originals = [layer.activation for layer in changed]
    try:
        for layer in changed:
            layer.activation = _EXPORTABLE[layer.activation]
        yield
    finally:
        for layer, activation in zip(changed, originals, strict=True):
            layer.activation = activation


def _layers(model: keras.Model) -> Iterator[keras.Layer]:
    for layer in model.layers:
        yield from _layers(layer) if hasattr(layer, "layers") else (layer,)
