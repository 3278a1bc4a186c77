"""The preset for scikit-learn's digits, the default first experiment."""

from specs.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from specs.presets.preset import Measured, Preset, preset_spec

DIGITS_CNN = Preset(
    name="digits-cnn",
    title="A small convolutional network on scikit-learn's digits, seconds on a CPU",
    source="trainyard",
    measured=Measured(0.9889, seeds=3, cpu_seconds=(22, 22)),
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
    spec=preset_spec("digits-cnn", {"name": "digits"}, "unit", {"batch_size": 64, "epochs": 25}),
)
