"""Pooling layers (Keras `layers/pooling`)."""

from typing import ClassVar, Literal

from specs.keras_names import Padding
from specs.layers.base import LayerSpec, Shape, require_image
from specs.layers.windows import windows
from specs.schema import Window


def _pool_shape(layer: "MaxPooling2D | AveragePooling2D", input_shape: Shape) -> Shape:
    require_image(layer.type, input_shape)
    strides = layer.strides or layer.pool_size
    sides = windows("pool", "pool_size", layer.pool_size, strides, layer.padding, input_shape[:2])
    return (*sides, input_shape[-1])


class MaxPooling2D(LayerSpec):
    keeps_channels: ClassVar[bool] = True

    type: Literal["MaxPooling2D"] = "MaxPooling2D"
    pool_size: Window = (2, 2)
    strides: Window | None = None
    padding: Padding = "valid"

    def output_shape(self, input_shape: Shape) -> Shape:
        return _pool_shape(self, input_shape)


class AveragePooling2D(LayerSpec):
    """As in Keras, `pool_size` has no default, unlike that of MaxPooling2D."""

    keeps_channels: ClassVar[bool] = True

    type: Literal["AveragePooling2D"] = "AveragePooling2D"
    pool_size: Window
    strides: Window | None = None
    padding: Padding = "valid"

    def output_shape(self, input_shape: Shape) -> Shape:
        return _pool_shape(self, input_shape)


class _GlobalPooling(LayerSpec):
    keeps_channels: ClassVar[bool] = True

    keepdims: bool = False

    def _shape(self, layer: str, input_shape: Shape) -> Shape:
        require_image(layer, input_shape)
        return (1, 1, input_shape[-1]) if self.keepdims else input_shape[-1:]


class GlobalAveragePooling2D(_GlobalPooling):
    type: Literal["GlobalAveragePooling2D"] = "GlobalAveragePooling2D"

    def output_shape(self, input_shape: Shape) -> Shape:
        return self._shape(self.type, input_shape)


class GlobalMaxPooling2D(_GlobalPooling):
    type: Literal["GlobalMaxPooling2D"] = "GlobalMaxPooling2D"

    def output_shape(self, input_shape: Shape) -> Shape:
        return self._shape(self.type, input_shape)
