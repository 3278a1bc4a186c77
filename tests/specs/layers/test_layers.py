from typing import Any

import pytest
from pydantic import ValidationError

from specs.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ParameterCount, PlainLayer
from specs.schema import FieldError

IMAGE = (8, 6, 3)


@pytest.mark.parametrize(
    ("layer", "shape", "trainable", "non_trainable"),
    [
        (Conv2D(filters=4, kernel_size=(3, 3)), (6, 4, 4), 112, 0),
        (Conv2D(filters=4, kernel_size=(1, 2), use_bias=False), (8, 5, 4), 24, 0),
        (Conv2D(filters=4, kernel_size=(9, 9), padding="same", strides=(3, 3)), (3, 2, 4), 976, 0),
        (MaxPooling2D(), (4, 3, 3), 0, 0),
        (MaxPooling2D(pool_size=(3, 3), strides=(1, 2)), (6, 2, 3), 0, 0),
        (Flatten(), (144,), 0, 0),
        (Dense(units=5), (8, 6, 5), 20, 0),
        (Dropout(rate=0.5), IMAGE, 0, 0),
        (BatchNormalization(), IMAGE, 6, 6),
        (BatchNormalization(center=False), IMAGE, 3, 6),
    ],
)
def test_shapes_and_parameters(layer: PlainLayer, shape: tuple[int, ...], trainable: int, non_trainable: int) -> None:
    assert layer.output_shape(IMAGE) == shape
    assert layer.weights(IMAGE).count == ParameterCount(trainable, non_trainable)


def test_single_number_means_both_sides() -> None:
    layer = Conv2D.model_validate({"filters": 1, "kernel_size": 3, "strides": 2})
    assert (layer.kernel_size, layer.strides) == ((3, 3), (2, 2))


@pytest.mark.parametrize(
    ("layer", "shape", "field", "detail"),
    [
        (
            Conv2D(filters=1, kernel_size=(3, 3)),
            (2, 2, 1),
            "kernel_size",
            'kernel 3x3 does not fit into 2x2; pad with "same" or remove a pooling layer before it',
        ),
        (MaxPooling2D(), (8, 1, 4), "pool_size", "pool 2x2 does not fit into 8x1"),
        (Conv2D(filters=1, kernel_size=(1, 1)), (64,), "type", "put Conv2D before Flatten"),
        (MaxPooling2D(), (64,), "type", "put MaxPooling2D before Flatten"),
        (Dense(), (64,), "units", "`units` is missing"),
    ],
)
def test_layer_that_does_not_fit_names_field(
    layer: PlainLayer, shape: tuple[int, ...], field: str, detail: str
) -> None:
    with pytest.raises(FieldError, match=detail) as caught:
        layer.output_shape(shape)
    assert caught.value.path == (field,)


@pytest.mark.parametrize("window", [0, -1, 65, 1.5, True, "3", [3], [3, 3, 3], [3, 0], [3, True], None, {}])
def test_kernel_is_one_or_two_whole_numbers(window: Any) -> None:
    with pytest.raises(ValidationError):
        Conv2D.model_validate({"filters": 1, "kernel_size": window})


def test_layers_are_immutable() -> None:
    with pytest.raises(ValidationError):
        Dense(units=3).units = 4
