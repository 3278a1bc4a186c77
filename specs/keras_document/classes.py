"""The layer classes that a document may name, and what they are here. The list is the only way in: a module is
compared, never imported."""

from collections.abc import Mapping
from typing import get_args

from specs import keras_names
from specs.augmentation import (
    RandomBrightness,
    RandomContrast,
    RandomErasing,
    RandomFlip,
    RandomGaussianBlur,
    RandomRotation,
    RandomShear,
    RandomTranslation,
    RandomZoom,
)
from specs.layers import (
    Add,
    Average,
    BatchNormalization,
    Concatenate,
    LayerNormalization,
    Maximum,
    Minimum,
    Multiply,
    Normalization,
    PlainLayer,
    Softmax,
    Subtract,
)
from specs.schema import FieldError, Schema
from specs.spelling import did_you_mean

INPUT_LAYER = "InputLayer"
SEQUENTIAL = "Sequential"
FUNCTIONAL = ("Functional", "Model")
MODELS = (SEQUENTIAL, *FUNCTIONAL)
AUGMENTATION: Mapping[str, type[Schema]] = {
    each.__name__: each
    for each in (
        *(RandomFlip, RandomRotation, RandomTranslation, RandomZoom, RandomShear, RandomBrightness, RandomContrast),
        *(RandomErasing, RandomGaussianBlur),
    )
}
LAYERS: Mapping[str, type[Schema]] = {
    each.__name__: each
    for each in (
        *get_args(PlainLayer),
        *(Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate),
        *AUGMENTATION.values(),
    )
}
# Layers whose `axis` is always the channels here.
WITH_AXIS = (BatchNormalization, LayerNormalization, Normalization, Softmax, Concatenate)


def layer_class(class_name: str) -> type[Schema]:
    """Our class of that name. Raises FieldError if there is none."""
    layer = layer_class_or_none(class_name)
    if layer is None:
        known = [INPUT_LAYER, *LAYERS]
        raise FieldError(("type",), f"is not supported; {did_you_mean(class_name, known)}known: {', '.join(known)}")
    return layer


def layer_class_or_none(class_name: str) -> type[Schema] | None:
    return LAYERS.get(keras_names.LAYER_ALIASES.get(class_name, class_name))
