"""Presets for CIFAR-10: two networks of a tutorial and one of our own."""

from specs.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D
from specs.presets.preset import Measured, Preset, preset_spec

_CIFAR10 = {"name": "cifar10"}


def _convolution(filters: int) -> Conv2D:
    return Conv2D(filters=filters, kernel_size=(3, 3), padding="same", activation="relu")


# The source uses the default batch size of Keras's `fit`, 32.
CIFAR10_CONV_SMALL = Preset(
    name="cifar10-conv-small",
    title="One convolution of ten filters, with Nadam",
    source="002",
    measured=Measured(0.6079, seeds=1, cpu_seconds=(130, 130)),
    layers=(
        _convolution(10),
        MaxPooling2D(),
        Flatten(),
        Dropout(rate=0.5),
        Dense(units=100, activation="relu"),
        Dense(),
    ),
    spec=preset_spec(
        "cifar10-conv-small",
        _CIFAR10,
        "unit",
        {"optimizer": {"type": "Nadam"}, "batch_size": 32, "epochs": 20, "keep": "last"},
    ),
)


def _normalized_block(filters: int) -> tuple[Layer, ...]:
    return (_convolution(filters), BatchNormalization(), MaxPooling2D(), Dropout(rate=0.25))


CIFAR10_CONV_BN = Preset(
    name="cifar10-conv-bn",
    title="Three convolutions with BatchNormalization and Dropout; the learning rate falls on plateaus",
    source="002",
    measured=Measured(0.8033, seeds=1, cpu_seconds=(1_166, 1_166)),
    layers=(
        *_normalized_block(32),
        *_normalized_block(64),
        *_normalized_block(128),
        Flatten(),
        Dense(units=256, activation="relu"),
        BatchNormalization(),
        Dropout(rate=0.5),
        Dense(),
    ),
    spec=preset_spec(
        "cifar10-conv-bn",
        _CIFAR10,
        "unit",
        {
            "optimizer": {"type": "Adam", "learning_rate": 1e-3},
            "batch_size": 32,
            "epochs": 50,
            "early_stopping": {"monitor": "val_loss", "patience": 10},
            "reduce_lr_on_plateau": {"monitor": "val_loss", "patience": 3, "factor": 0.5, "min_lr": 1e-6},
        },
    ),
)


def _fast_block(filters: int, pool_size: int | None = None) -> tuple[Layer, ...]:
    convolution = Conv2D(
        filters=filters, kernel_size=(3, 3), padding="same", activation="relu", kernel_initializer="he_normal"
    )
    # The training is short: the moving averages must converge within an epoch.
    normalization = BatchNormalization(momentum=0.9)
    if pool_size is None:
        return (convolution, normalization)
    return (convolution, MaxPooling2D(pool_size=(pool_size, pool_size)), normalization)


# docs/accuracy.md has the effect of each part.
CIFAR10_BEST = Preset(
    name="cifar10-best",
    title="Seven convolutions; flips, crops and erasing; label smoothing; one-cycle learning rate",
    source="trainyard",
    measured=Measured(0.8849, seeds=1, cpu_seconds=(1_818, 1_818)),
    layers=(
        *_fast_block(32, pool_size=2),
        *_fast_block(64),
        *_fast_block(64, pool_size=2),
        *_fast_block(128),
        *_fast_block(128, pool_size=2),
        *_fast_block(256),
        *_fast_block(256, pool_size=4),
        Flatten(),
        Dense(),
    ),
    spec=preset_spec(
        "cifar10-best",
        {**_CIFAR10, "split": {"validation": 0.05}},
        "standardize",
        {
            "optimizer": {
                "type": "AdamW",
                "learning_rate": {"type": "OneCycle", "max_learning_rate": 0.004, "warmup_fraction": 0.25},
                "weight_decay": 0.1,
            },
            "loss": {"type": "CategoricalCrossentropy", "label_smoothing": 0.1},
            "batch_size": 128,
            "epochs": 39,
            "keep": "last",  # the rate ends at zero, so that the last epochs differ by chance alone
        },
    )
    | {
        "augmentation": {
            "layers": [
                {"type": "RandomFlip", "mode": "horizontal"},
                {"type": "RandomCrop", "padding": 4},
                # Cutout: a gray square of about 9x9 (DeVries and Taylor 2017).
                {"type": "RandomErasing", "factor": 1.0, "scale": (0.05, 0.1), "fill_value": 120},
            ]
        }
    },
)
