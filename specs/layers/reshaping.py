"""Flatten and zero padding (Keras `layers/reshaping`)."""

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from specs import limits
from specs.layers.base import LayerSpec, Shape, require_image

_Width = Annotated[int, Field(ge=0, le=limits.WINDOW)]
_Sides = tuple[tuple[_Width, _Width], tuple[_Width, _Width]]


class Flatten(LayerSpec):
    keeps_output: ClassVar[bool] = True
    keeps_channels: ClassVar[bool] = True

    type: Literal["Flatten"] = "Flatten"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)


def _sides(value: Any) -> Any:
    """Keras's three spellings: n, [height, width], [[top, bottom], [left, right]]."""
    pair = [value, value] if type(value) is int else value
    if isinstance(pair, list | tuple) and len(pair) == 2:
        sides = tuple((side, side) if type(side) is int else side for side in pair)
        if all(isinstance(side, list | tuple) and len(side) == 2 for side in sides):
            return tuple(tuple(side) for side in sides)
    raise ValueError("expected a whole number, two as [height, width], or four as [[top, bottom], [left, right]]")


class ZeroPadding2D(LayerSpec):
    keeps_channels: ClassVar[bool] = True

    type: Literal["ZeroPadding2D"] = "ZeroPadding2D"
    padding: Annotated[
        _Sides,
        BeforeValidator(_sides, json_schema_input_type=_Width | tuple[_Width, _Width] | _Sides),
        Field(description=f"whole numbers from 0 to {limits.WINDOW}: one, two or four of them"),
    ] = ((1, 1), (1, 1))

    def output_shape(self, input_shape: Shape) -> Shape:
        require_image(self.type, input_shape)
        height, width, channels = input_shape
        return (height + sum(self.padding[0]), width + sum(self.padding[1]), channels)
