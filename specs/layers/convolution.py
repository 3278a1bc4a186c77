"""Convolutions (Keras `layers/convolutional`).

`groups` is left out: TensorFlow runs it through XLA, which ONNX cannot express, so that it could not be served.
"""

import math
from typing import Literal

from specs.layers.base import LayerSpec, ParameterCount, Regularizer, Shape, require_image, times
from specs.layers.windows import windows
from specs.schema import FieldError, Units, Window
from specs.vocabulary import Activation, Initializer, Padding, VectorInitializer


class _Convolution(LayerSpec):
    kernel_size: Window
    strides: Window = (1, 1)
    padding: Padding = "valid"
    dilation_rate: Window = (1, 1)
    activation: Activation | None = None
    use_bias: bool = True
    bias_initializer: VectorInitializer = "zeros"
    bias_regularizer: Regularizer | None = None
    activity_regularizer: Regularizer | None = None

    def _sides(self, layer: str, input_shape: Shape) -> Shape:
        require_image(layer, input_shape)
        return windows(
            "kernel", "kernel_size", self.kernel_size, self.strides, self.padding, input_shape[:2], self.dilation_rate
        )


class Conv2D(_Convolution):
    type: Literal["Conv2D"] = "Conv2D"
    filters: Units
    kernel_initializer: Initializer = "glorot_uniform"
    kernel_regularizer: Regularizer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise FieldError(
                ("dilation_rate",),
                f"strides {times(self.strides)} and dilation_rate {times(self.dilation_rate)} cannot both be above 1; "
                "set one of them to 1",
            )
        return (*self._sides(self.type, input_shape), self.filters)

    def parameters(self, input_shape: Shape) -> ParameterCount:
        weights = math.prod(self.kernel_size) * input_shape[-1] * self.filters
        return ParameterCount(weights + self.filters * self.use_bias)


class _Depthwise(_Convolution):
    depth_multiplier: Units = 1
    depthwise_initializer: Initializer = "glorot_uniform"
    depthwise_regularizer: Regularizer | None = None


class DepthwiseConv2D(_Depthwise):
    type: Literal["DepthwiseConv2D"] = "DepthwiseConv2D"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*self._sides(self.type, input_shape), input_shape[-1] * self.depth_multiplier)

    def parameters(self, input_shape: Shape) -> ParameterCount:
        channels = input_shape[-1] * self.depth_multiplier
        return ParameterCount(math.prod(self.kernel_size) * channels + channels * self.use_bias)


class SeparableConv2D(_Depthwise):
    type: Literal["SeparableConv2D"] = "SeparableConv2D"
    filters: Units
    pointwise_initializer: Initializer = "glorot_uniform"
    pointwise_regularizer: Regularizer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*self._sides(self.type, input_shape), self.filters)

    def parameters(self, input_shape: Shape) -> ParameterCount:
        channels = input_shape[-1] * self.depth_multiplier
        weights = math.prod(self.kernel_size) * channels + channels * self.filters
        return ParameterCount(weights + self.filters * self.use_bias)
