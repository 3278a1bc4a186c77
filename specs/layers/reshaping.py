"""Other shapes of the same numbers, as in keras.layers.reshaping; and other scales of them."""

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from specs import caps
from specs.layers.base import LayerSpec, Shape, require_image

_Margin = Annotated[int, Field(ge=0, le=caps.WINDOW)]
_Margins = tuple[tuple[_Margin, _Margin], tuple[_Margin, _Margin]]


def _margins(value: Any) -> Any:
    """n stands for [[n, n], [n, n]], and [h, w] for [[h, h], [w, w]], as in Keras."""
    sides = [value, value] if type(value) is int else value
    if isinstance(sides, list | tuple) and len(sides) == 2:
        both = [[side, side] if type(side) is int else side for side in sides]
        if all(isinstance(side, list | tuple) and len(side) == 2 for side in both):
            return tuple(tuple(side) for side in both)
    raise ValueError("expected a whole number, two as [height, width], or four as [[top, bottom], [left, right]]")


class Flatten(LayerSpec):
    keeps_output: ClassVar[bool] = True
    keeps_meaning: ClassVar[bool] = True

    type: Literal["Flatten"] = "Flatten"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)


class ZeroPadding2D(LayerSpec):
    type: Literal["ZeroPadding2D"] = "ZeroPadding2D"
    padding: Annotated[
        _Margins, BeforeValidator(_margins, json_schema_input_type=_Margin | tuple[_Margin, _Margin] | _Margins)
    ] = ((1, 1), (1, 1))

    def output_shape(self, input_shape: Shape) -> Shape:
        require_image(self.type, input_shape)
        height, width = (side + sum(margins) for side, margins in zip(input_shape[:2], self.padding, strict=True))
        return (height, width, input_shape[-1])


class Rescaling(LayerSpec):
    """`scale * x + offset`, on top of what preprocessing.scale does."""

    keeps_output: ClassVar[bool] = True

    type: Literal["Rescaling"] = "Rescaling"
    scale: float = Field(ge=-1e6, le=1e6)
    offset: float = Field(default=0.0, ge=-1e6, le=1e6)
