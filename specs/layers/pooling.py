"""Pooling, as in keras.layers.pooling."""

from typing import Literal

from specs.layers.base import LayerSpec, Shape, require_image, windows
from specs.schema import Window
from specs.vocabulary import Padding


class _Pooling(LayerSpec):
    pool_size: Window
    strides: Window | None = None
    padding: Padding = "valid"

    def _pooled(self, layer: str, input_shape: Shape) -> Shape:
        require_image(layer, input_shape)
        strides = self.strides or self.pool_size
        sides = windows("pool", "pool_size", self.pool_size, strides, self.padding, input_shape[:2])
        return (*sides, input_shape[-1])


class MaxPooling2D(_Pooling):
    type: Literal["MaxPooling2D"] = "MaxPooling2D"
    pool_size: Window = (2, 2)

    def output_shape(self, input_shape: Shape) -> Shape:
        return self._pooled(self.type, input_shape)


class AveragePooling2D(_Pooling):
    type: Literal["AveragePooling2D"] = "AveragePooling2D"

    def output_shape(self, input_shape: Shape) -> Shape:
        return self._pooled(self.type, input_shape)


class _GlobalPooling(LayerSpec):
    keepdims: bool = False

    def _channels(self, layer: str, input_shape: Shape) -> Shape:
        require_image(layer, input_shape)
        return (1, 1, input_shape[-1]) if self.keepdims else (input_shape[-1],)


class GlobalAveragePooling2D(_GlobalPooling):
    type: Literal["GlobalAveragePooling2D"] = "GlobalAveragePooling2D"

    def output_shape(self, input_shape: Shape) -> Shape:
        return self._channels(self.type, input_shape)


class GlobalMaxPooling2D(_GlobalPooling):
    type: Literal["GlobalMaxPooling2D"] = "GlobalMaxPooling2D"

    def output_shape(self, input_shape: Shape) -> Shape:
        return self._channels(self.type, input_shape)
