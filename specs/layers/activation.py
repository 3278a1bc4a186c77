"""Activation layers (Keras `layers/activations`)."""

from typing import Annotated, Literal

from pydantic import Field

from specs import keras_names
from specs.initializers import Initializer
from specs.layers.base import Regularizer, SameShape, Shape, WeightShapes
from specs.schema import FieldError, Lax

_Slope = Annotated[float, Field(ge=0, le=1e6)]


class Activation(SameShape):
    type: Literal["Activation"] = "Activation"
    activation: keras_names.Activation


class LeakyReLU(SameShape):
    type: Literal["LeakyReLU"] = "LeakyReLU"
    negative_slope: _Slope = 0.3


class ELU(SameShape):
    type: Literal["ELU"] = "ELU"
    alpha: _Slope = 1.0


class PReLU(SameShape):
    """A leaky ReLU whose slope is learned, one for each value or, along `shared_axes` (1 for the rows of an image, 2
    for its columns), one for all."""

    type: Literal["PReLU"] = "PReLU"
    alpha_initializer: Initializer = "zeros"
    alpha_regularizer: Regularizer | None = None
    shared_axes: Annotated[tuple[Annotated[int, Field(ge=1, le=3)], ...], Lax, Field(max_length=3)] | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        beyond = [axis for axis in self.shared_axes or () if axis > len(input_shape)]
        if beyond:
            detail = f"axis {beyond[0]} does not exist; the input has {len(input_shape)} axes, counted from 1"
            raise FieldError(("shared_axes",), detail)
        return input_shape

    def weights(self, input_shape: Shape) -> WeightShapes:
        shared = self.shared_axes or ()
        slopes = tuple(1 if axis in shared else side for axis, side in enumerate(input_shape, start=1))
        return WeightShapes((slopes,))


class ReLU(SameShape):
    type: Literal["ReLU"] = "ReLU"
    max_value: _Slope | None = None
    negative_slope: _Slope = 0.0
    threshold: _Slope = 0.0


class Softmax(SameShape):
    """Over the channels; there is no `axis`."""

    type: Literal["Softmax"] = "Softmax"
