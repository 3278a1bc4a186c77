"""What all layers share. Shapes leave out the batch: (height, width, channels) or (features,)."""

import math
from dataclasses import dataclass
from typing import ClassVar

from specs.schema import FieldError, Penalty, Schema

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ParameterCount:
    """How many numbers are learned, and how many are only kept."""

    trainable: int = 0
    non_trainable: int = 0

    @property
    def total(self) -> int:
        return self.trainable + self.non_trainable

    def __add__(self, other: "ParameterCount") -> "ParameterCount":
        return ParameterCount(self.trainable + other.trainable, self.non_trainable + other.non_trainable)

    def frozen(self) -> "ParameterCount":
        return ParameterCount(0, self.total)


@dataclass(frozen=True, slots=True)
class WeightShapes:
    """The shapes of the arrays that a layer learns, and of those that it only keeps, in the order in which Keras's
    `layer.weights` has them."""

    trainable: tuple[Shape, ...] = ()
    non_trainable: tuple[Shape, ...] = ()

    @property
    def all(self) -> tuple[Shape, ...]:
        return (*self.trainable, *self.non_trainable)

    @property
    def count(self) -> ParameterCount:
        return ParameterCount(sum(map(math.prod, self.trainable)), sum(map(math.prod, self.non_trainable)))


class Regularizer(Schema):
    """Penalties on the weights: `l1` times their absolute values, `l2` times their squares."""

    l1: Penalty = 0.0
    l2: Penalty = 0.0


class LayerSpec(Schema):
    """What the arithmetic needs of every layer.

    `keeps_output` marks a layer after which the network still answers with the numbers of the layer before;
    `keeps_channels` one that puts out as many channels as it receives.
    """

    keeps_output: ClassVar[bool] = False
    keeps_channels: ClassVar[bool] = False

    def output_shape(self, input_shape: Shape) -> Shape:
        """Raises FieldError, its path leading from the layer, where `input_shape` does not fit."""
        return input_shape

    def weights(self, input_shape: Shape) -> WeightShapes:
        """For an `input_shape` that `output_shape` accepts."""
        return WeightShapes()


class SameShape(LayerSpec):
    """A layer that changes numbers one by one."""

    keeps_output: ClassVar[bool] = True
    keeps_channels: ClassVar[bool] = True


def require_image(layer: str, input_shape: Shape) -> None:
    if len(input_shape) != 3:
        raise FieldError(
            ("type",),
            f"needs height x width x channels, but receives {times(input_shape)} numbers in a row; put {layer} before "
            "Flatten and global pooling, or use Dense where the samples are plain features",
        )


def times(sizes: Shape) -> str:
    return "x".join(str(size) for size in sizes)
