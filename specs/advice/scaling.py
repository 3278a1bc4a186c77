"""What the layers of a network do to the range of its samples, before the first one that learns."""

import math
from typing import NamedTuple

from specs.assembly import INPUT, AnyLayer, Node
from specs.input_augmentation import InputAugmentation
from specs.layers import (
    Activation,
    Add,
    AlphaDropout,
    Average,
    AveragePooling2D,
    Concatenate,
    Cropping2D,
    Dropout,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    LeakyReLU,
    Maximum,
    MaxPooling2D,
    Minimum,
    Normalization,
    Permute,
    ReLU,
    Rescaling,
    Reshape,
    SpatialDropout2D,
    UpSampling2D,
    ZeroPadding2D,
)
from specs.network import Network

_RAW_SPAN = 255.0
_SCALED_SPAN = 16.0  # of [-1, 1], or of some standard deviations
_MOVES_VALUES = (Cropping2D, Flatten, Permute, Reshape, UpSampling2D, ZeroPadding2D, Concatenate)
_SUMMARIZES = (AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D)
_COMBINES = (Add, Average, Maximum, Minimum)
_IN_TRAINING_ONLY = (AlphaDropout, Dropout, GaussianDropout, GaussianNoise, InputAugmentation, SpatialDropout2D)
_KEEPS_RANGE = (*_MOVES_VALUES, *_SUMMARIZES, *_COMBINES, *_IN_TRAINING_ONLY, LeakyReLU, Normalization, Rescaling)


class _Values(NamedTuple):
    """`span` is the width of their range, `scaling` the first layer that made it smaller."""

    span: float
    scaling: Node | None


def scaling_layer(network: Network) -> Node | None:
    """The first layer of those with which the network itself scales pixels of 0-255; None if it does not."""
    known = {INPUT: _Values(_RAW_SPAN, None)}
    for index, node in enumerate(network.nodes):
        sources = [known[source] for source in node.inputs if source in known]
        if len(sources) < len(node.inputs) or not _keeps_range(node.layer):
            scaled = (each.scaling for each in sources if each.scaling is not None and each.span <= _SCALED_SPAN)
            if (scaling := next(scaled, None)) is not None:
                return scaling
            continue
        factor = _factor(node.layer)
        scaling = next((each.scaling for each in sources if each.scaling is not None), node if factor < 1 else None)
        known[index] = _Values(max(each.span for each in sources) * factor, scaling)
    return None


def _keeps_range(layer: AnyLayer) -> bool:
    """Whether it only moves, summarizes or multiplies values."""
    if isinstance(layer, ReLU):
        return layer.max_value is None
    if isinstance(layer, Activation):
        return layer.activation in ("linear", "relu")
    return isinstance(layer, _KEEPS_RANGE)


def _factor(layer: AnyLayer) -> float:
    """By how much the layer widens the range of the channel that it widens most."""
    if isinstance(layer, Rescaling):
        return max(map(abs, layer.scale if isinstance(layer.scale, tuple) else (layer.scale,)))
    if isinstance(layer, Normalization) and layer.variance is not None and not layer.invert:
        smallest = min(layer.variance if isinstance(layer.variance, tuple) else (layer.variance,))
        return 1 / math.sqrt(smallest) if smallest > 0 else 1.0
    return 1.0
