"""Layers that act in training only (Keras `layers/regularization`). There is no `seed`: `training.seed` decides."""

from typing import Annotated, Literal

from pydantic import Field

from specs.layers.base import SameShape, Shape, require_image, times
from specs.schema import FieldError, Lax, Rate

_Deviation = Annotated[float, Field(ge=0, le=1e6)]
_NoiseSide = Annotated[int, Field(ge=1)] | None


class Dropout(SameShape):
    """`noise_shape`, with null for the batch, has 1 where one decision counts for all: [null, 1, 1, 1] drops whole
    images (stochastic depth)."""

    type: Literal["Dropout"] = "Dropout"
    rate: Rate
    noise_shape: Annotated[tuple[_NoiseSide, ...], Lax, Field(max_length=5)] | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        if self.noise_shape is not None:
            batch, *sides = self.noise_shape or (0,)
            fits = len(sides) == len(input_shape) and all(
                noise in (None, 1, side) for noise, side in zip(sides, input_shape, strict=True)
            )
            if batch is not None or not fits:
                raise FieldError(
                    ("noise_shape",),
                    f"expected null for the batch, and 1 or the side itself for each of {times(input_shape)}",
                )
        return input_shape


class SpatialDropout2D(SameShape):
    type: Literal["SpatialDropout2D"] = "SpatialDropout2D"
    rate: Rate

    def output_shape(self, input_shape: Shape) -> Shape:
        require_image(self.type, input_shape)
        return input_shape


class GaussianDropout(SameShape):
    type: Literal["GaussianDropout"] = "GaussianDropout"
    rate: Rate


class AlphaDropout(SameShape):
    type: Literal["AlphaDropout"] = "AlphaDropout"
    rate: Rate


class GaussianNoise(SameShape):
    """Adds noise of this deviation to the values as the layer receives them, unlike the augmentation of this name."""

    type: Literal["GaussianNoise"] = "GaussianNoise"
    stddev: _Deviation
