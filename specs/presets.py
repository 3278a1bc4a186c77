"""Experiments to start from."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from specs.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D

PresetName = Literal["digits-cnn", "mnist-dnn", "mnist-cnn"]


@dataclass(frozen=True, slots=True)
class Preset:
    """`layers` is the network that `model: {preset: <name>}` stands for; `spec` a whole experiment with it.

    `source` is the number of the document that it comes from, or "trainyard" for one of our own.
    """

    name: str
    title: str
    source: str
    layers: tuple[Layer, ...]
    spec: Mapping[str, Any]


def _spec(name: str, dataset: str, scale: str, training: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "dataset": {"name": dataset},
        "preprocessing": {"scale": scale},
        "model": {"preset": name},
        "training": dict(training),
    }


_DIGITS_CNN = Preset(
    name="digits-cnn",
    title="A small convolutional network on scikit-learn's digits, seconds on a CPU",
    source="trainyard",
    layers=(
        Conv2D(filters=32, kernel_size=(3, 3), padding="same", activation="relu"),
        BatchNormalization(momentum=0.9),
        Conv2D(filters=64, kernel_size=(3, 3), padding="same", activation="relu"),
        BatchNormalization(momentum=0.9),
        MaxPooling2D(),
        Dropout(rate=0.25),
        Flatten(),
        Dense(units=64, activation="relu"),
        Dropout(rate=0.5),
        Dense(),
    ),
    spec=_spec("digits-cnn", "digits", "unit", {"batch_size": 64, "epochs": 25}),
)

_MNIST_DNN = Preset(
    name="mnist-dnn",
    title="Two dense layers on raw pixels",
    source="001",
    layers=(Flatten(), Dense(units=64, activation="relu"), Dense(units=16, activation="relu"), Dense()),
    spec=_spec("mnist-dnn", "mnist", "none", {"batch_size": 128, "epochs": 50}),
)


def _mnist_convolution(filters: int) -> Conv2D:
    return Conv2D(
        filters=filters,
        kernel_size=(2, 2),
        padding="same",
        activation="relu",
        kernel_initializer="glorot_normal",
    )


_MNIST_CNN = Preset(
    name="mnist-cnn",
    title="Two convolutions with pooling on raw pixels",
    source="001",
    layers=(
        _mnist_convolution(64),
        MaxPooling2D(),
        _mnist_convolution(128),
        MaxPooling2D(),
        Flatten(),
        Dense(),
    ),
    spec=_spec("mnist-cnn", "mnist", "none", {"batch_size": 128, "epochs": 20}),
)

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {preset.name: preset for preset in (_DIGITS_CNN, _MNIST_DNN, _MNIST_CNN)}
)
