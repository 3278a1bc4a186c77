"""A block with a way around it (He et al. 2015, "Deep Residual Learning")."""

import math
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, field_validator

from specs import caps, vocabulary
from specs.layers.activation import Activation, LeakyReLU
from specs.layers.base import LayerSpec, ParameterCount, Shape, times
from specs.layers.convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from specs.layers.core import Dense
from specs.layers.normalization import BatchNormalization, LayerNormalization
from specs.layers.pooling import AveragePooling2D, MaxPooling2D
from specs.layers.regularization import Dropout, SpatialDropout2D
from specs.layers.reshaping import ZeroPadding2D
from specs.schema import FieldError, Lax

InnerLayer = Annotated[
    Conv2D
    | DepthwiseConv2D
    | SeparableConv2D
    | MaxPooling2D
    | AveragePooling2D
    | Dense
    | Activation
    | LeakyReLU
    | BatchNormalization
    | LayerNormalization
    | Dropout
    | SpatialDropout2D
    | ZeroPadding2D,
    Field(discriminator="type"),
]


class Placed(NamedTuple):
    """A layer and the shapes that it makes of one another."""

    layer: LayerSpec
    input_shape: Shape
    output_shape: Shape

    @property
    def parameters(self) -> ParameterCount:
        return self.layer.parameters(self.input_shape)


class Residual(LayerSpec):
    """`activation(layers(x) + x)`. Where the inner layers change the shape, x goes through a 1x1 convolution without
    bias (a Dense, if x is numbers in a row), whose strides follow from the shapes."""

    type: Literal["Residual"] = "Residual"
    layers: Annotated[tuple[InnerLayer, ...], Lax, Field(max_length=caps.LAYERS)]
    activation: vocabulary.Activation | None = "relu"

    @field_validator("layers")
    @classmethod
    def _not_empty(cls, layers: Any) -> Any:
        if not layers:
            raise ValueError("expected at least one layer")
        return layers

    def output_shape(self, input_shape: Shape) -> Shape:
        output_shape = self.placed(input_shape)[-1].output_shape
        self.projection(input_shape)
        return output_shape

    def parameters(self, input_shape: Shape) -> ParameterCount:
        placed = self.placed(input_shape)
        projection = self.projection(input_shape)
        around = projection.parameters(input_shape) if projection else ParameterCount()
        return sum((each.parameters for each in placed), around)

    def placed(self, input_shape: Shape) -> list[Placed]:
        """The inner layers, one after the other."""
        placed = []
        for index, layer in enumerate(self.layers):
            try:
                output_shape = layer.output_shape(input_shape)
            except FieldError as error:
                raise error.below("layers", index, where=f"layers[{index}] {layer.type}: ") from None
            placed.append(Placed(layer, input_shape, output_shape))
            input_shape = output_shape
        return placed

    def projection(self, input_shape: Shape) -> Conv2D | Dense | None:
        """What x goes through on its way around; None where it can stay as it is."""
        output_shape = self.placed(input_shape)[-1].output_shape
        if output_shape == input_shape:
            return None
        if len(output_shape) == 1:
            return Dense(units=output_shape[-1], use_bias=False)
        strides = (_stride(input_shape[0], output_shape[0]), _stride(input_shape[1], output_shape[1]))
        sides = tuple(math.ceil(side / stride) for side, stride in zip(input_shape[:2], strides, strict=True))
        if sides != output_shape[:2]:
            raise FieldError(
                ("layers",),
                f"makes {times(output_shape[:2])} of {times(input_shape[:2])}, which no 1x1 convolution with strides "
                'does to the input that is added to it; pad with "same" inside the block',
            )
        return Conv2D(filters=output_shape[-1], kernel_size=(1, 1), strides=strides, padding="same", use_bias=False)


def _stride(before: int, after: int) -> int:
    """The smallest stride that makes at most `after` places of `before`."""
    return min(caps.WINDOW, math.ceil(before / after))
