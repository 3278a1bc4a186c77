"""Layers with Keras's arguments and defaults, and the arithmetic of their shapes and parameters.

A new layer type is one class here, added to `PlainLayer`. No layer has `data_format` (channels come last, which every
device supports), constraints, `name` (Keras's default names), `dtype` (`training.precision` decides) or `trainable`
(`model.freeze` decides).
"""

from specs.layers.activation import Activation, LeakyReLU, ReLU, Softmax
from specs.layers.base import LayerSpec, ParameterCount, Regularizer, Shape, WeightShapes, times
from specs.layers.convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from specs.layers.core import Dense
from specs.layers.merging import Add, Average, Concatenate, Maximum, Merge, Multiply, Subtract
from specs.layers.normalization import BatchNormalization, LayerNormalization
from specs.layers.pooling import AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D
from specs.layers.regularization import Dropout, SpatialDropout2D
from specs.layers.rescaling import Rescaling
from specs.layers.reshaping import Flatten, ZeroPadding2D
from specs.layers.residual import Layer, PlainLayer, Residual

__all__ = [
    "Activation",
    "Add",
    "Average",
    "AveragePooling2D",
    "BatchNormalization",
    "Concatenate",
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
    "Maximum",
    "Merge",
    "Multiply",
    "ParameterCount",
    "PlainLayer",
    "ReLU",
    "Regularizer",
    "Rescaling",
    "Residual",
    "SeparableConv2D",
    "Shape",
    "Softmax",
    "SpatialDropout2D",
    "Subtract",
    "WeightShapes",
    "ZeroPadding2D",
    "times",
]
