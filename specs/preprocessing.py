"""What happens to an image before the network sees it."""

from typing import Literal

from specs.dataset import Dataset
from specs.layers import Shape
from specs.schema import Schema

Scale = Literal["none", "unit", "centered", "standardize"]


class PreprocessingSpec(Schema):
    """Pixels come as 0-255. `none` leaves them so; `unit` gives [0, 1]; `centered` gives [-1, 1];
    `standardize` subtracts the mean of the training part and divides by its standard deviation.
    """

    scale: Scale = "unit"

    def input_shape(self, dataset: Dataset) -> Shape:
        """What the network receives of a sample: (height, width, channels)."""
        return dataset.image_shape
