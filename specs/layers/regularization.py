"""Dropout layers (Keras `layers/regularization`). There is no `seed`: `training.seed` decides."""

from typing import Literal

from specs.layers.base import SameShape, Shape, require_image
from specs.schema import Rate


class Dropout(SameShape):
    type: Literal["Dropout"] = "Dropout"
    rate: Rate


class SpatialDropout2D(SameShape):
    type: Literal["SpatialDropout2D"] = "SpatialDropout2D"
    rate: Rate

    def output_shape(self, input_shape: Shape) -> Shape:
        require_image(self.type, input_shape)
        return input_shape
