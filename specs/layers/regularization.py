"""Dropout, as in keras.layers.regularization."""

from typing import ClassVar, Literal

from specs.layers.base import LayerSpec, Shape, require_image
from specs.schema import Rate


class Dropout(LayerSpec):
    keeps_output: ClassVar[bool] = True
    keeps_meaning: ClassVar[bool] = True

    type: Literal["Dropout"] = "Dropout"
    rate: Rate


class SpatialDropout2D(LayerSpec):
    """Drops whole channels."""

    keeps_output: ClassVar[bool] = True
    keeps_meaning: ClassVar[bool] = True

    type: Literal["SpatialDropout2D"] = "SpatialDropout2D"
    rate: Rate

    def output_shape(self, input_shape: Shape) -> Shape:
        require_image(self.type, input_shape)
        return input_shape
