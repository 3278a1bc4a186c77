"""Presets: complete experiments to start from."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from specs.presets.blobs import BLOBS_MLP
from specs.presets.cifar10 import CIFAR10_BEST, CIFAR10_CONV_BN, CIFAR10_CONV_SMALL
from specs.presets.digits import DIGITS_CNN
from specs.presets.folders import FOLDER_CNN_DEEP, FOLDER_CNN_HE, FOLDER_CNN_SHALLOW, FOLDER_TRANSFER
from specs.presets.mnist import MNIST_BEST, MNIST_CNN, MNIST_CNN_BN, MNIST_CNN_REGULARIZED, MNIST_DNN
from specs.presets.preset import Measured, Preset

__all__ = ["PRESETS", "Measured", "Preset", "PresetName"]

PresetName = Literal[
    "digits-cnn",
    "mnist-dnn",
    "mnist-cnn",
    "mnist-cnn-regularized",
    "mnist-cnn-bn",
    "mnist-best",
    "cifar10-conv-small",
    "cifar10-conv-bn",
    "cifar10-best",
    "blobs-mlp",
    "folder-cnn-shallow",
    "folder-cnn-deep",
    "folder-cnn-he",
    "folder-transfer",
]

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            DIGITS_CNN,
            MNIST_DNN,
            MNIST_CNN,
            MNIST_CNN_REGULARIZED,
            MNIST_CNN_BN,
            MNIST_BEST,
            CIFAR10_CONV_SMALL,
            CIFAR10_CONV_BN,
            CIFAR10_BEST,
            BLOBS_MLP,
            FOLDER_CNN_SHALLOW,
            FOLDER_CNN_DEEP,
            FOLDER_CNN_HE,
            FOLDER_TRANSFER,
        )
    }
)
