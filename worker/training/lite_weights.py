"""The weights of EfficientNetLite0, which PyTorch has saved, in the layout of Keras."""

import re
from pathlib import Path

from worker.training.torch_state import Array, read_state_dict

_BLOCK = re.compile(r"_blocks\.(\d+)\.")
# Names in PyTorch, of which those of BatchNormalization depend on what is before it.
_LAYERS = {
    "_conv_stem": "stem_conv",
    "_bn0": "stem_bn",
    "_conv_head": "head_conv",
    "_bn1": "head_bn",
}
_BLOCK_LAYERS = {
    "_expand_conv": "expand_conv",
    "_bn0": "expand_bn",
    "_depthwise_conv": "depthwise_conv",
    "_bn1": "depthwise_bn",
    "_project_conv": "project_conv",
    "_bn2": "project_bn",
}
_STATISTICS = ("weight", "bias", "running_mean", "running_var")


def lite_weights(path: Path) -> dict[str, list[Array]]:
    """By names of layers, without the classifier. Raises NotAStateDict, and KeyError for a network of other layers."""
    state = read_state_dict(path)
    weights: dict[str, list[Array]] = {}
    for name in state:
        layer, _, member = name.rpartition(".")
        if member == "weight" and layer != "_fc":
            weights[_plain_name(layer)] = _arrays(state, layer)
    return weights


def _plain_name(layer: str) -> str:
    block = _BLOCK.match(layer)
    return f"block{block[1]}_{_BLOCK_LAYERS[layer[block.end() :]]}" if block else _LAYERS[layer]


def _arrays(state: dict[str, Array], layer: str) -> list[Array]:
    """Kernels are (filters, channels, height, width) in PyTorch, (height, width, channels, filters) in Keras, and
    (height, width, channels, 1) if they are depthwise, where PyTorch has (channels, 1, height, width)."""
    if f"{layer}.running_mean" in state:
        return [state[f"{layer}.{member}"] for member in _STATISTICS]
    kernel = state[f"{layer}.weight"]
    return [kernel.transpose((2, 3, 0, 1) if layer.endswith("_depthwise_conv") else (2, 3, 1, 0))]
