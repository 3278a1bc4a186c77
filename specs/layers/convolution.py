"""Convolution layers (Keras `layers/convolutional`).

There is no `groups`: TensorFlow runs it through XLA, which cannot be exported to ONNX and thus not be served.
"""

from typing import Literal

from specs.initializers import Initializer, VectorInitializer
from specs.keras_names import Activation, Padding
from specs.layers.base import LayerSpec, Regularizer, Shape, WeightShapes, require_image, times
from specs.layers.windows import windows
from specs.schema import FieldError, Units, Window


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

    def _bias(self, channels: int) -> tuple[Shape, ...]:
        return ((channels,),) if self.use_bias else ()


class Conv2D(_Convolution):
    type: Literal["Conv2D"] = "Conv2D"
    filters: Units
    kernel_initializer: Initializer = "glorot_uniform"
    kernel_regularizer: Regularizer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise FieldError(
                ("dilation_rate",),
                f"strides {times(self.strides)} and dilation_rate {times(self.dilation_rate)} cannot both exceed 1; "
                "set one of them to 1",
            )
        return (*self._sides(self.type, input_shape), self.filters)

    def weights(self, input_shape: Shape) -> WeightShapes:
        kernel = (*self.kernel_size, input_shape[-1], self.filters)
        return WeightShapes((kernel, *self._bias(self.filters)))


class _Depthwise(_Convolution):
    depth_multiplier: Units = 1
    depthwise_initializer: Initializer = "glorot_uniform"
    depthwise_regularizer: Regularizer | None = None

    def _depthwise_kernel(self, input_shape: Shape) -> Shape:
        return (*self.kernel_size, input_shape[-1], self.depth_multiplier)


class DepthwiseConv2D(_Depthwise):
    type: Literal["DepthwiseConv2D"] = "DepthwiseConv2D"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*self._sides(self.type, input_shape), input_shape[-1] * self.depth_multiplier)

    def weights(self, input_shape: Shape) -> WeightShapes:
        bias = self._bias(input_shape[-1] * self.depth_multiplier)
        return WeightShapes((self._depthwise_kernel(input_shape), *bias))


class SeparableConv2D(_Depthwise):
    type: Literal["SeparableConv2D"] = "SeparableConv2D"
    filters: Units
    pointwise_initializer: Initializer = "glorot_uniform"
    pointwise_regularizer: Regularizer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*self._sides(self.type, input_shape), self.filters)

    def weights(self, input_shape: Shape) -> WeightShapes:
        pointwise = (1, 1, input_shape[-1] * self.depth_multiplier, self.filters)
        return WeightShapes((self._depthwise_kernel(input_shape), pointwise, *self._bias(self.filters)))
