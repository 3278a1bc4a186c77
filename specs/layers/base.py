"""Base classes of the layers. Shapes leave out the batch: (height, width, channels) or (features,)."""

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from specs import limits
from specs.schema import FieldError, Lax, Penalty, Schema

Shape = tuple[int, ...]
_Factor = Annotated[float, Field(ge=-1e6, le=1e6)]
# One number for all channels, or one for each.
PerChannel = _Factor | Annotated[tuple[_Factor, ...], Lax, Field(min_length=1, max_length=limits.UNITS)]


@dataclass(frozen=True, slots=True)
class ParameterCount:
    """Trainable and non-trainable parameters, such as moving averages or frozen weights."""

    trainable: int = 0
    non_trainable: int = 0

    @property
    def total(self) -> int:
        return self.trainable + self.non_trainable

    def __add__(self, other: "ParameterCount") -> "ParameterCount":
        return ParameterCount(self.trainable + other.trainable, self.non_trainable + other.non_trainable)

    def freeze(self) -> "ParameterCount":
        return ParameterCount(0, self.total)


@dataclass(frozen=True, slots=True)
class WeightShapes:
    """The shapes of a layer's weights, in the order of Keras's `layer.weights`."""

    trainable: tuple[Shape, ...] = ()
    non_trainable: tuple[Shape, ...] = ()

    @property
    def all(self) -> tuple[Shape, ...]:
        return (*self.trainable, *self.non_trainable)

    @property
    def count(self) -> ParameterCount:
        return ParameterCount(sum(map(math.prod, self.trainable)), sum(map(math.prod, self.non_trainable)))


class Penalties(Schema):
    """Penalties on the weights: `l1` times the sum of their absolute values, `l2` times the sum of their squares."""

    l1: Penalty = 0.0
    l2: Penalty = 0.0


# Keras's own defaults, which it takes by these names.
_BY_NAME = {"l1": {"l1": 0.01}, "l2": {"l2": 0.01}, "l1_l2": {"l1": 0.01, "l2": 0.01}, "l1l2": {"l1": 0.0, "l2": 0.0}}


def _penalties(value: Any) -> Any:
    return _BY_NAME.get(value.lower(), value) if isinstance(value, str) else value


Regularizer = Annotated[Penalties, BeforeValidator(_penalties)]


class LayerSpec(Schema):
    """Base of all layers with one input.

    `keeps_output` marks a layer that passes on the values of the layer before it, perhaps rearranged or scaled;
    `keeps_channels` marks a layer with as many output channels as input channels.
    """

    keeps_output: ClassVar[bool] = False
    keeps_channels: ClassVar[bool] = False

    def output_shape(self, input_shape: Shape) -> Shape:
        """Raises FieldError, with a path from the layer, if `input_shape` does not fit."""
        return input_shape

    def weights(self, input_shape: Shape) -> WeightShapes:
        """The shapes of the weights, for an `input_shape` that `output_shape` accepts."""
        return WeightShapes()


class SameShape(LayerSpec):
    """Base of the layers whose output has the shape of the input."""

    keeps_output: ClassVar[bool] = True
    keeps_channels: ClassVar[bool] = True


def require_image(layer: str, input_shape: Shape) -> None:
    """Raise FieldError if `input_shape` is not (height, width, channels)."""
    if len(input_shape) == 2:
        target = f"[{input_shape[0]}, {input_shape[1]}, 1]"
        raise FieldError(
            ("type",),
            f"expected height x width x channels, received {times(input_shape)} without channels; put Reshape to "
            f"{target} before {layer}",
        )
    if len(input_shape) != 3:
        raise FieldError(
            ("type",),
            f"expected height x width x channels, received {times(input_shape)} features; put {layer} before Flatten "
            "and global pooling, or use Dense if the samples are features",
        )


def check_channels(field: str, value: float | tuple[float, ...] | None, input_shape: Shape) -> None:
    """Raise FieldError if `value` of `field` is a list that has neither one number nor one for each channel."""
    if isinstance(value, tuple) and len(value) not in (1, input_shape[-1]):
        raise FieldError(
            (field,), f"expected one number, or {input_shape[-1]}, one for each channel, received {len(value)}"
        )


def times(sizes: Shape) -> str:
    """Format a shape, for instance 28x28x1."""
    return "x".join(str(size) for size in sizes)
