"""Layers that move values without computing (Keras `layers/reshaping`)."""

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from specs import limits
from specs.layers.base import LayerSpec, Shape, require_image, times
from specs.schema import FieldError, Lax, Window

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


_AnySides = Annotated[
    _Sides,
    BeforeValidator(_sides, json_schema_input_type=_Width | tuple[_Width, _Width] | _Sides),
    Field(description=f"whole numbers from 0 to {limits.WINDOW}: one, two or four of them"),
]


class ZeroPadding2D(LayerSpec):
    keeps_channels: ClassVar[bool] = True

    type: Literal["ZeroPadding2D"] = "ZeroPadding2D"
    padding: _AnySides = ((1, 1), (1, 1))

    def output_shape(self, input_shape: Shape) -> Shape:
        require_image(self.type, input_shape)
        height, width, channels = input_shape
        return (height + sum(self.padding[0]), width + sum(self.padding[1]), channels)


class Cropping2D(LayerSpec):
    keeps_channels: ClassVar[bool] = True

    type: Literal["Cropping2D"] = "Cropping2D"
    cropping: _AnySides = ((0, 0), (0, 0))

    def output_shape(self, input_shape: Shape) -> Shape:
        require_image(self.type, input_shape)
        height, width = (side - sum(cut) for side, cut in zip(input_shape[:2], self.cropping, strict=True))
        if min(height, width) < 1:
            detail = f"leaves nothing of {times(input_shape[:2])}; crop less, or remove a pooling layer before it"
            raise FieldError(("cropping",), detail)
        return (height, width, input_shape[-1])


class UpSampling2D(LayerSpec):
    """Repeats rows and columns. There is no other `interpolation`."""

    keeps_channels: ClassVar[bool] = True

    type: Literal["UpSampling2D"] = "UpSampling2D"
    size: Window = (2, 2)

    def output_shape(self, input_shape: Shape) -> Shape:
        require_image(self.type, input_shape)
        height, width = (side * times for side, times in zip(input_shape[:2], self.size, strict=True))
        if max(height, width) > limits.IMAGE_SIDE:
            raise FieldError(("size",), f"makes {height}x{width}, more than the limit of {limits.IMAGE_SIDE} a side")
        return (height, width, input_shape[-1])


_Length = Annotated[int, Field(ge=-1, le=limits.UNITS * limits.WINDOW)]


class Reshape(LayerSpec):
    """One side of `target_shape`, which is without the batch, may be -1: what is left."""

    keeps_output: ClassVar[bool] = True

    type: Literal["Reshape"] = "Reshape"
    target_shape: Annotated[tuple[_Length, ...], Lax, Field(min_length=1, max_length=4)]

    def output_shape(self, input_shape: Shape) -> Shape:
        values = math.prod(input_shape)
        known = math.prod(side for side in self.target_shape if side != -1)
        free = self.target_shape.count(-1)
        fits = known > 0 and (values % known == 0 if free else values == known)
        if free > 1 or not fits:
            raise FieldError(
                ("target_shape",),
                f"{times(input_shape)} are {values:,} values, which {times(self.target_shape)} cannot hold; give sides "
                "with that product, or -1 for one of them",
            )
        return tuple(values // known if side == -1 else side for side in self.target_shape)


class Permute(LayerSpec):
    """Reorder the axes, which are counted from 1, without the batch."""

    type: Literal["Permute"] = "Permute"
    dims: Annotated[tuple[Annotated[int, Field(ge=1, le=4)], ...], Lax, Field(min_length=1, max_length=4)]

    def output_shape(self, input_shape: Shape) -> Shape:
        if sorted(self.dims) != list(range(1, len(input_shape) + 1)):
            expected = ", ".join(map(str, range(1, len(input_shape) + 1)))
            raise FieldError(("dims",), f"expected each of {expected} once, because the input has these axes")
        return tuple(input_shape[axis - 1] for axis in self.dims)
