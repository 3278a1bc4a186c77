"""Presets for MNIST: the networks of two tutorials and one of our own."""

from specs.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D, Regularizer
from specs.presets.preset import Measured, Preset, preset_spec

_MNIST = {"name": "mnist"}
_L2 = Regularizer(l2=0.01)

MNIST_DNN = Preset(
    name="mnist-dnn",
    title="Two dense layers on raw pixels",
    source="001",
    measured=Measured(0.9609, seeds=5, cpu_seconds=(12, 16)),
    layers=(Flatten(), Dense(units=64, activation="relu"), Dense(units=16, activation="relu"), Dense()),
    spec=preset_spec("mnist-dnn", _MNIST, "none", {"batch_size": 128, "epochs": 50, "keep": "last"}),
)


def _convolution(filters: int, regularizer: Regularizer | None = None) -> Conv2D:
    return Conv2D(
        filters=filters,
        kernel_size=(2, 2),
        padding="same",
        activation="relu",
        kernel_initializer="glorot_normal",
        kernel_regularizer=regularizer,
    )


MNIST_CNN = Preset(
    name="mnist-cnn",
    title="Two convolutions with pooling on raw pixels",
    source="001",
    measured=Measured(0.983, seeds=1, cpu_seconds=(262, 262)),
    layers=(_convolution(64), MaxPooling2D(), _convolution(128), MaxPooling2D(), Flatten(), Dense()),
    spec=preset_spec("mnist-cnn", _MNIST, "none", {"batch_size": 128, "epochs": 20, "keep": "last"}),
)


def _regularized_block(filters: int) -> tuple[Layer, ...]:
    return (_convolution(filters, _L2), MaxPooling2D(), Dropout(rate=0.5))


MNIST_CNN_REGULARIZED = Preset(
    name="mnist-cnn-regularized",
    title="Four convolutions on raw pixels, regularized by L2 and Dropout",
    source="001",
    measured=Measured(0.9826, seeds=1, cpu_seconds=(466, 466)),
    layers=(
        *_regularized_block(32),
        *_regularized_block(64),
        *_regularized_block(128),
        *_regularized_block(256),
        Flatten(),
        Dense(kernel_regularizer=_L2),
    ),
    spec=preset_spec("mnist-cnn-regularized", _MNIST, "none", {"batch_size": 128, "epochs": 30, "keep": "last"}),
)


def _relu_convolution(filters: int) -> Conv2D:
    return Conv2D(filters=filters, kernel_size=(3, 3), activation="relu")


# The source tries several batch sizes and numbers of epochs, without saying which gave its 9,946 correct digits; these
# are its first batch size and the 30 epochs that it recommends.
MNIST_CNN_BN = Preset(
    name="mnist-cnn-bn",
    title="Five convolutions, BatchNormalization after each pooling",
    source="000",
    measured=Measured(0.9951, seeds=3, cpu_seconds=(995, 1_347)),
    layers=(
        _relu_convolution(64),
        _relu_convolution(64),
        MaxPooling2D(),
        BatchNormalization(),
        _relu_convolution(128),
        _relu_convolution(128),
        MaxPooling2D(),
        BatchNormalization(),
        _relu_convolution(256),
        MaxPooling2D(),
        BatchNormalization(),
        Flatten(),
        Dense(units=512, activation="relu"),
        Dense(),
    ),
    spec=preset_spec(
        "mnist-cnn-bn", _MNIST, "unit", {"batch_size": 128, "epochs": 30, "early_stopping": {"patience": 10}}
    )
    # The source augments with Keras's ImageDataGenerator, without giving its arguments.
    | {
        "augmentation": {
            "layers": [
                {"type": "RandomRotation", "factor": 0.03},
                {"type": "RandomTranslation", "height_factor": 0.1, "width_factor": 0.1},
                {"type": "RandomZoom", "height_factor": 0.1, "width_factor": 0.1},
            ]
        }
    },
)


def _normalized_block(filters: int, kernel_size: int = 3, *, pooled: bool = False) -> tuple[Layer, ...]:
    convolution = Conv2D(
        filters=filters,
        kernel_size=(kernel_size, kernel_size),
        activation="relu",
        kernel_initializer="he_normal",
    )
    # The training is short: the moving averages must converge within an epoch.
    normalization = BatchNormalization(momentum=0.9)
    return (convolution, MaxPooling2D(), normalization) if pooled else (convolution, normalization)


# docs/accuracy.md has the effect of each part.
MNIST_BEST = Preset(
    name="mnist-best",
    title="Four convolutions, small augmentation, letters as outliers, one-cycle learning rate",
    source="trainyard",
    measured=Measured(0.9969, seeds=3, cpu_seconds=(255, 296)),
    layers=(
        *_normalized_block(32, 5, pooled=True),
        *_normalized_block(64),
        *_normalized_block(128, pooled=True),
        *_normalized_block(128),
        Flatten(),
        Dense(),
    ),
    spec=preset_spec(
        "mnist-best",
        _MNIST,
        "unit",
        {
            "optimizer": {
                "type": "Adam",
                "learning_rate": {"type": "OneCycle", "max_learning_rate": 0.01, "warmup_fraction": 0.2},
            },
            "loss": {"type": "CategoricalCrossentropy", "label_smoothing": 0.05},
            "batch_size": 128,
            "epochs": 14,
            "keep": "last",  # the rate ends at zero, so that the last epochs differ by chance alone
        },
    )
    | {
        "augmentation": {
            "layers": [
                {"type": "RandomRotation", "factor": 0.03},
                {"type": "RandomTranslation", "height_factor": 0.07, "width_factor": 0.07},
                {"type": "RandomZoom", "height_factor": 0.1, "width_factor": 0.1},
                {"type": "RandomShear", "x_factor": 0.1},
                {"type": "OutlierExposure", "factor": 0.06, "kinds": ["letters"]},
            ]
        }
    },
)
