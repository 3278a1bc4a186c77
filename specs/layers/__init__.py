"""Layers with Keras's arguments and defaults, and the arithmetic of their shapes and parameters.

A new layer type is one class here, added to `PlainLayer`. No layer has `data_format` (channels come last, which every
device supports), constraints, `name` (Keras's default names), `dtype` (`training.precision` decides) or `trainable`
(`model.freeze` decides).
"""

from specs.layers.activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from specs.layers.base import LayerSpec, ParameterCount, Penalties, Regularizer, Shape, WeightShapes, times
from specs.layers.convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from specs.layers.core import Dense
from specs.layers.merging import Add, Average, Concatenate, Maximum, Merge, Minimum, Multiply, Subtract
from specs.layers.normalization import BatchNormalization, LayerNormalization, Normalization
from specs.layers.pooling import AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D
from specs.layers.regularization import AlphaDropout, Dropout, GaussianDropout, GaussianNoise, SpatialDropout2D
from specs.layers.rescaling import Rescaling
from specs.layers.reshaping import Cropping2D, Flatten, Permute, Reshape, UpSampling2D, ZeroPadding2D
from specs.layers.residual import Layer, PlainLayer, Residual, layer_document

__all__ = [
    "ELU",
    "Activation",
    "Add",
    "AlphaDropout",
    "Average",
    "AveragePooling2D",
    "BatchNormalization",
    "Concatenate",
    "Conv2D",
    "Cropping2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "Layer",
    "LayerNormalization",
    "LayerSpec",
    "LeakyReLU",
    "MaxPooling2D",
    "Maximum",
    "Merge",
    "Minimum",
    "Multiply",
    "Normalization",
    "PReLU",
    "ParameterCount",
    "Penalties",
    "Permute",
    "PlainLayer",
    "ReLU",
    "Regularizer",
    "Rescaling",
    "Reshape",
    "Residual",
    "SeparableConv2D",
    "Shape",
    "Softmax",
    "SpatialDropout2D",
    "Subtract",
    "UpSampling2D",
    "WeightShapes",
    "ZeroPadding2D",
    "layer_document",
    "times",
]
