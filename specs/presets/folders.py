"""Presets for folders of images that the user uploads.

The source has findings but no code, so the networks follow its descriptions: a shallow one, a deeper one with larger
Dense layers, and one with fewer parameters, He initialization, and BatchNormalization before Dropout. The last one is
ours: it starts from the weights of ImageNet, with all layers but the last frozen.
"""

from collections.abc import Mapping
from typing import Any, Literal

from specs.dataset import Dataset
from specs.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D
from specs.presets.preset import Preset, preset_spec

# A dataset like the source's, to count the parameters before one is uploaded.
_MY_IMAGES = Dataset(
    name="my-images",
    image_shape=None,
    classes=tuple(f"class-{number:02}" for number in range(1, 31)),
    training_counts=(1_000,) * 30,
)
_TO_DO = "Upload your folders as my-images, or name your own dataset; any number of classes will do"
# Six copies of each image, with changes that keep its class.
_SIX_COPIES = {
    "copies": 6,
    "layers": [
        {"type": "RandomFlip", "mode": "horizontal"},
        {"type": "RandomRotation", "factor": 0.04},
        {"type": "RandomTranslation", "height_factor": 0.1, "width_factor": 0.1},
        {"type": "RandomZoom", "height_factor": 0.1},
    ],
}


def _spec(name: str, optimizer: str, augmentation: Mapping[str, Any] | None = None) -> dict[str, Any]:
    training = {"optimizer": {"type": optimizer}, "batch_size": 32, "epochs": 30}
    spec = preset_spec(name, {"name": _MY_IMAGES.name}, "unit", training)
    spec["notes"] = _TO_DO
    spec["preprocessing"] = {"image_size": [64, 64], "color": "rgb", "scale": "unit"}
    return spec if augmentation is None else spec | {"augmentation": augmentation}


def _convolution(filters: int, initializer: Literal["glorot_uniform", "he_normal"] = "glorot_uniform") -> Conv2D:
    return Conv2D(
        filters=filters, kernel_size=(3, 3), padding="same", activation="relu", kernel_initializer=initializer
    )


def _pair(filters: int) -> tuple[Layer, ...]:
    return (_convolution(filters), _convolution(filters), MaxPooling2D())


def _normalized_block(filters: int) -> tuple[Layer, ...]:
    return (_convolution(filters, "he_normal"), BatchNormalization(), MaxPooling2D(), Dropout(rate=0.25))


FOLDER_CNN_SHALLOW = Preset(
    name="folder-cnn-shallow",
    title="Two convolutions with RMSprop, on folders of images that you upload",
    source="004",
    layers=(
        _convolution(32),
        MaxPooling2D(),
        _convolution(64),
        MaxPooling2D(),
        Flatten(),
        Dense(units=64, activation="relu"),
        Dense(),
    ),
    spec=_spec("folder-cnn-shallow", "RMSprop"),
    upload=_MY_IMAGES,
)

FOLDER_CNN_DEEP = Preset(
    name="folder-cnn-deep",
    title="Six convolutions with Adam and six copies of each image, on folders of images that you upload",
    source="004",
    layers=(
        *_pair(32),
        *_pair(64),
        *_pair(128),
        Flatten(),
        Dense(units=512, activation="relu"),
        Dropout(rate=0.5),
        Dense(),
    ),
    spec=_spec("folder-cnn-deep", "Adam", _SIX_COPIES),
    upload=_MY_IMAGES,
)

FOLDER_CNN_HE = Preset(
    name="folder-cnn-he",
    title="He initialization, BatchNormalization before Dropout, and Nadam, on folders of images that you upload",
    source="004",
    layers=(
        *_normalized_block(32),
        *_normalized_block(64),
        *_normalized_block(128),
        *_normalized_block(256),
        Flatten(),
        Dense(units=256, activation="relu", kernel_initializer="he_normal"),
        BatchNormalization(),
        Dropout(rate=0.5),
        Dense(),
    ),
    spec=_spec("folder-cnn-he", "Nadam", _SIX_COPIES),
    upload=_MY_IMAGES,
)

FOLDER_TRANSFER = Preset(
    name="folder-transfer",
    title="EfficientNetLite0 with the weights of ImageNet and a new last layer, on folders of images that you upload",
    source="trainyard",
    layers=(),
    spec={
        "name": "folder-transfer",
        "notes": f"{_TO_DO}. Then fine-tune all layers at a tenth of the learning rate: docs/experiments.md",
        "dataset": {"name": _MY_IMAGES.name},
        "preprocessing": {"image_size": [160, 160], "color": "rgb", "scale": "none"},
        "model": {"application": "EfficientNetLite0", "freeze": "all"},
        "training": {
            "optimizer": {"type": "Adam", "learning_rate": 0.001},
            "batch_size": 32,
            "epochs": 20,
            "early_stopping": {"patience": 5},
        },
    },
    upload=_MY_IMAGES,
)
