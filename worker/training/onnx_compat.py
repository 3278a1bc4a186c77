"""Activations said in the operations that ONNX has: Keras's own are made of some that it has not."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras import ops

_Activation = Callable[[Any], Any]


def _gelu(x: Any) -> Any:
    """x times the standard normal distribution's share below x (Hendrycks & Gimpel 2016), by erf in place of erfc."""
    return 0.5 * x * (1 + ops.erf(x / math.sqrt(2)))


def _celu(x: Any) -> Any:
    """x, or exp(x) - 1 where x is negative (Barron 2017), by exp in place of expm1."""
    return ops.maximum(x, 0) + ops.exp(ops.minimum(x, 0)) - 1


_SAID_BY: dict[_Activation, _Activation] = {keras.activations.gelu: _gelu, keras.activations.celu: _celu}


@contextmanager
def said_in_onnx(model: keras.Model) -> Iterator[None]:
    """Within the block, layers compute the same by operations that can be exported."""
    changed = [layer for layer in _layers(model) if getattr(layer, "activation", None) in _SAID_BY]
    own = [layer.activation for layer in changed]
    try:
        for layer in changed:
            layer.activation = _SAID_BY[layer.activation]
        yield
    finally:
        for layer, activation in zip(changed, own, strict=True):
            layer.activation = activation


def _layers(model: keras.Model) -> Iterator[keras.Layer]:
    for layer in model.layers:
        yield from _layers(layer) if hasattr(layer, "layers") else (layer,)
