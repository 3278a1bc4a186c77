"""The layers, with Keras's arguments and defaults, and the arithmetic of their shapes and parameters.

They lie in modules as they do in keras.layers. A new layer type is one class there, added to `Layer`; what is left out
on purpose is said in docs/decisions/0012.
"""

from typing import Annotated

from pydantic import Field

from specs.layers.activation import Activation, LeakyReLU
from specs.layers.base import LayerSpec, ParameterCount, Regularizer, Shape
from specs.layers.convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from specs.layers.core import Dense
from specs.layers.normalization import BatchNormalization, LayerNormalization
from specs.layers.pooling import AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D
from specs.layers.regularization import Dropout, SpatialDropout2D
from specs.layers.reshaping import Flatten, Rescaling, ZeroPadding2D
from specs.layers.residual import Placed, Residual

Layer = Annotated[
    Conv2D
    | DepthwiseConv2D
    | SeparableConv2D
    | MaxPooling2D
    | AveragePooling2D
    | GlobalAveragePooling2D
    | GlobalMaxPooling2D
    | Dense
    | Activation
    | LeakyReLU
    | BatchNormalization
    | LayerNormalization
    | Dropout
    | SpatialDropout2D
    | Flatten
    | ZeroPadding2D
    | Rescaling
    | Residual,
    Field(discriminator="type"),
]

__all__ = [
    "Activation",
    "AveragePooling2D",
    "BatchNormalization",
    "Conv2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "Layer",
    "LayerNormalization",
    "LayerSpec",
    "LeakyReLU",
    "MaxPooling2D",
    "ParameterCount",
    "Placed",
    "Regularizer",
    "Rescaling",
    "Residual",
    "SeparableConv2D",
    "Shape",
    "SpatialDropout2D",
    "ZeroPadding2D",
]
