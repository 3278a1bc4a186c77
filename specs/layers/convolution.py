"""Convolutions, as in keras.layers.convolutional."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from specs import caps
from specs.layers.base import LayerSpec, ParameterCount, Regularizer, Shape, require_image, windows
from specs.schema import FieldError, Units, Window
from specs.vocabulary import Activation, Initializer, Padding

_Multiplier = Annotated[int, Field(ge=1, le=caps.WINDOW)]


class _Convolution(LayerSpec):
    kernel_size: Window
    strides: Window = (1, 1)
    padding: Padding = "valid"
    dilation_rate: Window = (1, 1)
    activation: Activation | None = None
    use_bias: bool = True
    bias_initializer: Initializer = "zeros"
    bias_regularizer: Regularizer | None = None
    activity_regularizer: Regularizer | None = None

    @model_validator(mode="after")
    def _strides_or_dilation(self) -> Self:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise FieldError(
                ("dilation_rate",), "cannot be above 1 together with `strides` above 1; choose one of the two"
            )
        return self

    def _sides(self, layer: str, input_shape: Shape) -> Shape:
        require_image(layer, input_shape)
        spread = tuple((k - 1) * rate + 1 for k, rate in zip(self.kernel_size, self.dilation_rate, strict=True))
        kind = "kernel" if spread == self.kernel_size else "dilated kernel"
        return windows(kind, "kernel_size", spread, self.strides, self.padding, input_shape[:2])


class Conv2D(_Convolution):
    type: Literal["Conv2D"] = "Conv2D"
    filters: Units
    kernel_initializer: Initializer = "glorot_uniform"
    kernel_regularizer: Regularizer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*self._sides(self.type, input_shape), self.filters)

    def parameters(self, input_shape: Shape) -> ParameterCount:
        weights = math.prod(self.kernel_size) * input_shape[-1] * self.filters
        return ParameterCount(weights + self.filters * self.use_bias)


class _ByChannel(_Convolution):
    """Looks at each channel alone, with `depth_multiplier` kernels for each."""

    depth_multiplier: _Multiplier = 1
    depthwise_initializer: Initializer = "glorot_uniform"
    depthwise_regularizer: Regularizer | None = None

    @model_validator(mode="after")
    def _square_strides(self) -> Self:
        if self.strides[0] != self.strides[1]:
            raise FieldError(("strides",), f"must be the same in height and width here, received {list(self.strides)}")
        return self

    def _depthwise(self, input_shape: Shape) -> int:
        return math.prod(self.kernel_size) * input_shape[-1] * self.depth_multiplier


class DepthwiseConv2D(_ByChannel):
    type: Literal["DepthwiseConv2D"] = "DepthwiseConv2D"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*self._sides(self.type, input_shape), input_shape[-1] * self.depth_multiplier)

    def parameters(self, input_shape: Shape) -> ParameterCount:
        return ParameterCount(self._depthwise(input_shape) + input_shape[-1] * self.depth_multiplier * self.use_bias)


class SeparableConv2D(_ByChannel):
    """A depthwise convolution, and a 1x1 convolution that mixes its channels."""

    type: Literal["SeparableConv2D"] = "SeparableConv2D"
    filters: Units
    pointwise_initializer: Initializer = "glorot_uniform"
    pointwise_regularizer: Regularizer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*self._sides(self.type, input_shape), self.filters)

    def parameters(self, input_shape: Shape) -> ParameterCount:
        pointwise = input_shape[-1] * self.depth_multiplier * self.filters
        return ParameterCount(self._depthwise(input_shape) + pointwise + self.filters * self.use_bias)
