"""The Rescaling layer (Keras `layers/preprocessing`)."""

from typing import Literal

from specs.layers.base import PerChannel, SameShape, Shape, check_channels


class Rescaling(SameShape):
    """Applied in addition to `preprocessing.scale`; set that to `none` if the network rescales itself."""

    type: Literal["Rescaling"] = "Rescaling"
    scale: PerChannel
    offset: PerChannel = 0.0

    def output_shape(self, input_shape: Shape) -> Shape:
        check_channels("scale", self.scale, input_shape)
        check_channels("offset", self.offset, input_shape)
        return input_shape
