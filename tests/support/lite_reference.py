"""EfficientNetLite0 in NumPy alone, with the names and layouts of PyTorch: what its Keras network is compared with."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
State = dict[str, Array]
# Channels in, channels out, kernel, stride, factor of expansion.
_STAGES = [
    *[(1, 32, 16, 3, 1, 1), (2, 16, 24, 3, 2, 6), (2, 24, 40, 5, 2, 6), (3, 40, 80, 3, 2, 6)],
    *[(3, 80, 112, 5, 1, 6), (4, 112, 192, 5, 2, 6), (1, 192, 320, 3, 1, 6)],
]
_EPSILON = 1e-3


def _blocks() -> list[tuple[int, int, int, int, int]]:
    return [
        (given if number else received, given, kernel, 1 if number else stride, factor)
        for repeats, received, given, kernel, stride, factor in _STAGES
        for number in range(repeats)
    ]


def random_lite_state() -> State:
    """A `state_dict` with weights at which no layer is neutral."""
    generator = np.random.default_rng(3)
    state: State = {}

    def convolution(name: str, filters: int, channels: int, kernel: int) -> None:
        scale = np.sqrt(2 / (channels * kernel**2))
        state[f"{name}.weight"] = generator.normal(0, scale, (filters, channels, kernel, kernel)).astype(np.float32)

    def normalization(name: str, channels: int) -> None:
        for member, middle in (("weight", 1.0), ("bias", 0.2), ("running_mean", 0.1), ("running_var", 1.0)):
            state[f"{name}.{member}"] = generator.uniform(0.8, 1.2, channels).astype(np.float32) * np.float32(middle)
        state[f"{name}.num_batches_tracked"] = np.array(5)

    convolution("_conv_stem", 32, 3, 3)
    normalization("_bn0", 32)
    for number, (received, given, kernel, _, factor) in enumerate(_blocks()):
        block, wide = f"_blocks.{number}", received * factor
        if factor > 1:
            convolution(f"{block}._expand_conv", wide, received, 1)
            normalization(f"{block}._bn0", wide)
        convolution(f"{block}._depthwise_conv", wide, 1, kernel)
        normalization(f"{block}._bn1", wide)
        convolution(f"{block}._project_conv", given, wide, 1)
        normalization(f"{block}._bn2", given)
    convolution("_conv_head", 1280, 320, 1)
    normalization("_bn1", 1280)
    state["_fc.weight"], state["_fc.bias"] = np.zeros((1000, 1280), np.float32), np.zeros(1000, np.float32)
    return state


def lite_features(state: State, images: NDArray[np.uint8]) -> Array:
    """The pooled features of (images, height, width, 3) with pixels 0-255."""
    return _pooled(state, (images.astype(np.float64) - 127) / 128)


def lite_logits(state: State, images: NDArray[np.uint8]) -> Array:
    """The scores of the 1,000 classes of ImageNet."""
    return lite_features(state, images) @ state["_fc.weight"].T + state["_fc.bias"]


def _pooled(state: State, values: Array) -> Array:
    values = values.transpose(0, 3, 1, 2)
    values = _relu6(_normalized(state, "_bn0", _convolved(state["_conv_stem.weight"], values, 2)))
    for number, (received, given, _, stride, factor) in enumerate(_blocks()):
        block, before = f"_blocks.{number}", values
        if factor > 1:
            values = _convolved(state[f"{block}._expand_conv.weight"], values)
            values = _relu6(_normalized(state, f"{block}._bn0", values))
        values = _depthwise(state[f"{block}._depthwise_conv.weight"], values, stride)
        values = _relu6(_normalized(state, f"{block}._bn1", values))
        values = _normalized(state, f"{block}._bn2", _convolved(state[f"{block}._project_conv.weight"], values))
        if stride == 1 and received == given:
            values = values + before
    values = _relu6(_normalized(state, "_bn1", _convolved(state["_conv_head.weight"], values)))
    features: Array = values.mean(axis=(2, 3))
    return features


def _relu6(values: Array) -> Array:
    return np.clip(values, 0, 6)


def _normalized(state: State, name: str, values: Array) -> Array:
    weight, bias, mean, variance = (
        state[f"{name}.{member}"][:, None, None].astype(np.float64)
        for member in ("weight", "bias", "running_mean", "running_var")
    )
    return (values - mean) / np.sqrt(variance + _EPSILON) * weight + bias


def _windows(values: Array, kernel: int, stride: int) -> Array:
    """(images, channels, rows, columns, kernel, kernel), padded with zeros as TensorFlow does for `same`."""
    padding = []
    for side in values.shape[2:]:
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        padding.append((total // 2, total - total // 2))
    padded = np.pad(values, ((0, 0), (0, 0), *padding))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), (2, 3))
    return windows[:, :, ::stride, ::stride]


def _convolved(weight: Array, values: Array, stride: int = 1) -> Array:
    windows = _windows(values, weight.shape[-1], stride)
    result: Array = np.einsum("ncrkij,fcij->nfrk", windows, weight, optimize=True)
    return result


def _depthwise(weight: Array, values: Array, stride: int) -> Array:
    windows = _windows(values, weight.shape[-1], stride)
    result: Array = np.einsum("ncrkij,cij->ncrk", windows, weight[:, 0], optimize=True)
    return result
