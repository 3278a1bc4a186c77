"""On MNIST: the networks of two tutorials, and one of our own."""

from specs.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D, Regularizer
from specs.presets.preset import Preset, spec_of

_MNIST = {"name": "mnist"}
_L2 = Regularizer(l2=0.01)

MNIST_DNN = Preset(
    name="mnist-dnn",
    title="Two dense layers on raw pixels",
    source="001",
    layers=(Flatten(), Dense(units=64, activation="relu"), Dense(units=16, activation="relu"), Dense()),
    spec=spec_of("mnist-dnn", _MNIST, "none", {"batch_size": 128, "epochs": 50}),
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
    layers=(_convolution(64), MaxPooling2D(), _convolution(128), MaxPooling2D(), Flatten(), Dense()),
    spec=spec_of("mnist-cnn", _MNIST, "none", {"batch_size": 128, "epochs": 20}),
)


def _regularized(filters: int) -> tuple[Layer, ...]:
    return (_convolution(filters, _L2), MaxPooling2D(), Dropout(rate=0.5))


MNIST_CNN_REGULARIZED = Preset(
    name="mnist-cnn-regularized",
    title="Four convolutions on raw pixels, held back by L2 and Dropout",
    source="001",
    layers=(
        *_regularized(32),
        *_regularized(64),
        *_regularized(128),
        *_regularized(256),
        Flatten(),
        Dense(kernel_regularizer=_L2),
    ),
    spec=spec_of("mnist-cnn-regularized", _MNIST, "none", {"batch_size": 128, "epochs": 30}),
)


def _relu(filters: int) -> Conv2D:
    return Conv2D(filters=filters, kernel_size=(3, 3), activation="relu")


# The source tries several batch sizes and lengths and does not say which ones gave its 9,946 right digits; these are
# the batch it begins with and the 30 epochs it ends up recommending.
MNIST_CNN_BN = Preset(
    name="mnist-cnn-bn",
    title="Five convolutions, BatchNormalization after each pooling",
    source="000",
    layers=(
        _relu(64),
        _relu(64),
        MaxPooling2D(),
        BatchNormalization(),
        _relu(128),
        _relu(128),
        MaxPooling2D(),
        BatchNormalization(),
        _relu(256),
        MaxPooling2D(),
        BatchNormalization(),
        Flatten(),
        Dense(units=512, activation="relu"),
        Dense(),
    ),
    spec=spec_of("mnist-cnn-bn", _MNIST, "unit", {"batch_size": 128, "epochs": 30, "early_stopping": {"patience": 10}})
    # The source changes its images with Keras's ImageDataGenerator and does not say how.
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


def _normalized(filters: int, kernel_size: int = 3, *, pooled: bool = False) -> tuple[Layer, ...]:
    convolution = Conv2D(
        filters=filters,
        kernel_size=(kernel_size, kernel_size),
        activation="relu",
        kernel_initializer="he_normal",
    )
    # A short training: the averages must settle within an epoch.
    normalization = BatchNormalization(momentum=0.9)
    return (convolution, MaxPooling2D(), normalization) if pooled else (convolution, normalization)


# docs/accuracy.md says what each part of it is worth.
MNIST_BEST = Preset(
    name="mnist-best",
    title="Four convolutions, slightly changed digits, letters to be unsure of, and one cycle of the learning rate",
    source="trainyard",
    layers=(
        *_normalized(32, 5, pooled=True),
        *_normalized(64),
        *_normalized(128, pooled=True),
        *_normalized(128),
        Flatten(),
        Dense(),
    ),
    spec=spec_of(
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
