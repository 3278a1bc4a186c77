"""What the layers at the beginning of a network do to the range of its samples."""

import math

from specs.assembly import AnyLayer, Node
from specs.input_augmentation import InputAugmentation
from specs.layers import Normalization, Rescaling
from specs.network import Network

_RAW_SPAN = 255.0
_SCALED_SPAN = 16.0  # of [-1, 1], or of some standard deviations


def scaling_layer(network: Network) -> Node | None:
    """The first layer of those with which the network itself scales pixels of 0-255; None if it does not."""
    span, scaling = _RAW_SPAN, None
    for index, node in enumerate(network.nodes):
        if node.inputs != (index - 1,) or not isinstance(node.layer, Rescaling | Normalization | InputAugmentation):
            break
        factor = _factor(node.layer)
        span *= factor
        scaling = node if factor < 1 and scaling is None else scaling
    return scaling if span <= _SCALED_SPAN else None


def _factor(layer: AnyLayer) -> float:
    """By how much the layer widens the range of the channel that it widens most."""
    if isinstance(layer, Rescaling):
        return max(map(abs, layer.scale if isinstance(layer.scale, tuple) else (layer.scale,)))
    if isinstance(layer, Normalization) and layer.variance is not None and not layer.invert:
        smallest = min(layer.variance if isinstance(layer.variance, tuple) else (layer.variance,))
        return 1 / math.sqrt(smallest) if smallest > 0 else 1.0
    return 1.0
