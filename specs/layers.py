"""The layers, with Keras's arguments and defaults, and the arithmetic of their shapes and parameters.

A new layer type is one class here, added to `Layer`. Shapes leave out the batch: (height, width, channels) or
(features,).
"""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from specs.schema import FieldError, Penalty, Rate, Schema, Units, Window
from specs.vocabulary import Activation, Initializer, Padding

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ParameterCount:
    """How many numbers are learnt, and how many are only kept."""

    trainable: int = 0
    non_trainable: int = 0

    @property
    def total(self) -> int:
        return self.trainable + self.non_trainable

    def __add__(self, other: "ParameterCount") -> "ParameterCount":
        return ParameterCount(self.trainable + other.trainable, self.non_trainable + other.non_trainable)


class Regularizer(Schema):
    """Penalties on the weights: `l1` times their absolute values, `l2` times their squares."""

    l1: Penalty = 0.0
    l2: Penalty = 0.0


class LayerSpec(Schema):
    """What the arithmetic needs of every layer.

    `keeps_output` marks a layer after which the network still answers with the numbers of the layer before.
    """

    keeps_output: ClassVar[bool] = False

    def output_shape(self, input_shape: Shape) -> Shape:
        """Raises FieldError, its path leading from the layer, where `input_shape` does not fit."""
        return input_shape

    def parameters(self, input_shape: Shape) -> ParameterCount:
        """For an `input_shape` that `output_shape` accepts."""
        return ParameterCount()


def _require_image(layer: str, input_shape: Shape) -> None:
    if len(input_shape) != 3:
        raise FieldError(
            ("type",),
            f"needs height x width x channels, but receives {_times(input_shape)} numbers in a row; "
            f"put {layer} before Flatten, not after it",
        )


def _windows(kind: str, field: str, window: Shape, strides: Shape, padding: Padding, sides: Shape) -> Shape:
    """How many windows fit along each side (Keras `compute_conv_output_shape`)."""
    if padding == "same":
        return tuple(math.ceil(side / stride) for side, stride in zip(sides, strides, strict=True))
    if any(width > side for width, side in zip(window, sides, strict=True)):
        raise FieldError(
            (field,),
            f'{kind} {_times(window)} does not fit into {_times(sides)}; pad with "same" or drop a pooling '
            "layer before it",
        )
    return tuple((side - width) // stride + 1 for side, width, stride in zip(sides, window, strides, strict=True))


def _times(sizes: Shape) -> str:
    return "x".join(str(size) for size in sizes)


class Conv2D(LayerSpec):
    type: Literal["Conv2D"] = "Conv2D"
    filters: Units
    kernel_size: Window
    strides: Window = (1, 1)
    padding: Padding = "valid"
    activation: Activation | None = None
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"
    kernel_regularizer: Regularizer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        _require_image(self.type, input_shape)
        image = input_shape[:2]
        sides = _windows("kernel", "kernel_size", self.kernel_size, self.strides, self.padding, image)
        return (*sides, self.filters)

    def parameters(self, input_shape: Shape) -> ParameterCount:
        weights = math.prod(self.kernel_size) * input_shape[-1] * self.filters
        return ParameterCount(weights + self.filters * self.use_bias)


class MaxPooling2D(LayerSpec):
    type: Literal["MaxPooling2D"] = "MaxPooling2D"
    pool_size: Window = (2, 2)
    strides: Window | None = None
    padding: Padding = "valid"

    def output_shape(self, input_shape: Shape) -> Shape:
        _require_image(self.type, input_shape)
        strides = self.strides or self.pool_size
        sides = _windows("pool", "pool_size", self.pool_size, strides, self.padding, input_shape[:2])
        return (*sides, input_shape[-1])


class Flatten(LayerSpec):
    keeps_output: ClassVar[bool] = True

    type: Literal["Flatten"] = "Flatten"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)


class Dense(LayerSpec):
    """The last one may leave out `units` and `activation`: see `specs.network.completed`."""

    type: Literal["Dense"] = "Dense"
    units: Units | None = None
    activation: Activation | None = None
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"
    kernel_regularizer: Regularizer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self._known_units())

    def parameters(self, input_shape: Shape) -> ParameterCount:
        units = self._known_units()
        return ParameterCount(input_shape[-1] * units + units * self.use_bias)

    def _known_units(self) -> int:
        if self.units is None:
            raise FieldError(
                ("units",),
                "`units` is missing; only the last Dense of a network may leave it out, for one unit a class",
            )
        return self.units


class Dropout(LayerSpec):
    keeps_output: ClassVar[bool] = True

    type: Literal["Dropout"] = "Dropout"
    rate: Rate


class BatchNormalization(LayerSpec):
    keeps_output: ClassVar[bool] = True

    type: Literal["BatchNormalization"] = "BatchNormalization"
    momentum: float = Field(default=0.99, ge=0, le=1)
    epsilon: float = Field(default=1e-3, gt=0, le=1)
    center: bool = True
    scale: bool = True

    def parameters(self, input_shape: Shape) -> ParameterCount:
        channels = input_shape[-1]
        return ParameterCount(channels * (self.center + self.scale), 2 * channels)


Layer = Annotated[Conv2D | MaxPooling2D | Flatten | Dense | Dropout | BatchNormalization, Field(discriminator="type")]
