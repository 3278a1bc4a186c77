"""What all layers share: shapes, parameter counts, regularizers, and how many windows fit into a picture.

Shapes leave out the batch: (height, width, channels) or (features,).
"""

import math
from dataclasses import dataclass
from typing import ClassVar

from specs.schema import FieldError, Penalty, Schema
from specs.vocabulary import Padding

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ParameterCount:
    """How many numbers are learnt, and how many are only kept."""

    trainable: int = 0
    non_trainable: int = 0

    @property
    def total(self) -> int:
        return self.trainable + self.non_trainable

    @property
    def frozen(self) -> "ParameterCount":
        """The same numbers, none of them learnt."""
        return ParameterCount(0, self.total)

    def __add__(self, other: "ParameterCount") -> "ParameterCount":
        return ParameterCount(self.trainable + other.trainable, self.non_trainable + other.non_trainable)


class Regularizer(Schema):
    """Penalties on the weights: `l1` times their absolute values, `l2` times their squares."""

    l1: Penalty = 0.0
    l2: Penalty = 0.0


class LayerSpec(Schema):
    """What the arithmetic needs of every layer.

    `keeps_output` marks a layer after which the network still answers with the numbers of the layer before;
    `keeps_meaning` one after which they still mean the same (probabilities, say).
    """

    keeps_output: ClassVar[bool] = False
    keeps_meaning: ClassVar[bool] = False

    type: str

    def output_shape(self, input_shape: Shape) -> Shape:
        """Raises FieldError, its path leading from the layer, where `input_shape` does not fit."""
        return input_shape

    def parameters(self, input_shape: Shape) -> ParameterCount:
        """For an `input_shape` that `output_shape` accepts."""
        return ParameterCount()


def require_image(layer: str, input_shape: Shape) -> None:
    """Raises FieldError where numbers in a row come in."""
    if len(input_shape) != 3:
        raise FieldError(
            ("type",),
            f"needs height x width x channels, but receives {times(input_shape)} numbers in a row; "
            f"put {layer} before Flatten, not after it",
        )


def windows(kind: str, field: str, window: Shape, strides: Shape, padding: Padding, sides: Shape) -> Shape:
    """How many windows fit along each side (Keras `compute_conv_output_shape`)."""
    if padding == "same":
        return tuple(math.ceil(side / stride) for side, stride in zip(sides, strides, strict=True))
    if any(width > side for width, side in zip(window, sides, strict=True)):
        raise FieldError(
            (field,),
            f'{kind} {times(window)} does not fit into {times(sides)}; pad with "same" or drop a pooling '
            "layer before it",
        )
    return tuple((side - width) // stride + 1 for side, width, stride in zip(sides, window, strides, strict=True))


def times(sizes: Shape) -> str:
    return "x".join(str(size) for size in sizes)
