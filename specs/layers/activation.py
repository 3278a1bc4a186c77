"""Activations as layers of their own, as in keras.layers.activations."""

from typing import ClassVar, Literal

from pydantic import Field

from specs import vocabulary
from specs.layers.base import LayerSpec


class Activation(LayerSpec):
    keeps_output: ClassVar[bool] = True

    type: Literal["Activation"] = "Activation"
    activation: vocabulary.Activation


class LeakyReLU(LayerSpec):
    keeps_output: ClassVar[bool] = True

    type: Literal["LeakyReLU"] = "LeakyReLU"
    negative_slope: float = Field(default=0.3, ge=0, le=1e6)
