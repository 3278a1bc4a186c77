"""Activation layers (Keras `layers/activations`)."""

from typing import Annotated, Literal

from pydantic import Field

from specs import keras_names
from specs.layers.base import SameShape

_Slope = Annotated[float, Field(ge=0, le=1e6)]


class Activation(SameShape):
    type: Literal["Activation"] = "Activation"
    activation: keras_names.Activation


class LeakyReLU(SameShape):
    type: Literal["LeakyReLU"] = "LeakyReLU"
    negative_slope: _Slope = 0.3


class ReLU(SameShape):
    type: Literal["ReLU"] = "ReLU"
    max_value: _Slope | None = None
    negative_slope: _Slope = 0.0
    threshold: _Slope = 0.0


class Softmax(SameShape):
    """Over the channels; there is no `axis`."""

    type: Literal["Softmax"] = "Softmax"
