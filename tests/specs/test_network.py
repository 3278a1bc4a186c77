from typing import Any

import pytest

from specs import limits
from specs.keras_names import Activation
from specs.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D
from specs.network_builder import build_network
from specs.schema import FieldError

IMAGE = (8, 8, 1)


def test_table_and_totals() -> None:
    layers: list[Layer] = [
        Conv2D(filters=4, kernel_size=(3, 3)),
        BatchNormalization(),
        Conv2D(filters=4, kernel_size=(3, 3)),
        MaxPooling2D(),
        Flatten(),
        Dropout(rate=0.5),
        Dense(),
    ]
    assert build_network(layers, IMAGE, 10).summary() == {
        "layers": [
            {"name": "conv2d", "type": "Conv2D", "output_shape": [6, 6, 4], "parameters": 40},
            {
                "name": "batch_normalization",
                "type": "BatchNormalization",
                "output_shape": [6, 6, 4],
                "parameters": 16,
            },
            {"name": "conv2d_1", "type": "Conv2D", "output_shape": [4, 4, 4], "parameters": 148},
            {"name": "max_pooling2d", "type": "MaxPooling2D", "output_shape": [2, 2, 4], "parameters": 0},
            {"name": "flatten", "type": "Flatten", "output_shape": [16], "parameters": 0},
            {"name": "dropout", "type": "Dropout", "output_shape": [16], "parameters": 0},
            {"name": "dense", "type": "Dense", "output_shape": [10], "parameters": 170},
        ],
        "parameters": {"total": 374, "trainable": 366, "non_trainable": 8},
    }


@pytest.mark.parametrize("after", [[], [Dropout(rate=0.1)], [BatchNormalization(), Flatten()]])
def test_last_dense_gets_units_and_softmax(after: list[Layer]) -> None:
    answer = build_network([Flatten(), Dense(units=3), Dense(), *after], IMAGE, 7).layers[2]
    assert isinstance(answer, Dense)
    assert (answer.units, answer.activation) == (7, "softmax")


@pytest.mark.parametrize("activation", [None, "linear", "sigmoid"])
def test_given_activation_is_kept(activation: Activation | None) -> None:
    answer = build_network([Flatten(), Dense(activation=activation)], IMAGE, 10).layers[-1]
    assert isinstance(answer, Dense)
    assert answer.activation == activation


def test_other_dense_layers_stay_linear() -> None:
    hidden = build_network([Flatten(), Dense(units=10), Dense()], IMAGE, 10).layers[1]
    assert isinstance(hidden, Dense)
    assert hidden.activation is None


def test_network_without_dense_is_allowed() -> None:
    layers: list[Layer] = [Conv2D(filters=10, kernel_size=(8, 8), activation="softmax"), Flatten()]
    assert build_network(layers, IMAGE, 10).shapes[-1] == (10,)


@pytest.mark.parametrize(
    ("layers", "path", "detail"),
    [
        (
            [Flatten(), Dense(units=11)],
            (1, "units"),
            "layers[1] Dense: has 11 units, but there are 10 classes",
        ),
        ([Flatten(), Dense(units=11), Dropout(rate=0)], (1, "units"), "has 11 units"),
        ([Flatten(), Dense(), Dense()], (1, "units"), "layers[1] Dense: `units` is missing"),
        (
            [Dense()],
            (),
            "has output shape 8x8x10, but there are 10 classes; put {type: Flatten} before layers[0] Dense",
        ),
        (
            [Conv2D(filters=2, kernel_size=(1, 1))],
            (),
            "the last layer has output shape 8x8x2, but there are 10 classes; add {type: Flatten}",
        ),
        ([Dense(), Flatten()], (), "has output shape 640,"),
        ([Flatten()], (), "has output shape 64, but there are 10 classes; add {type: Dense} at the end"),
        ([Flatten(), MaxPooling2D(), Dense()], (1, "type"), "layers[1] MaxPooling2D: expected height"),
        (
            [MaxPooling2D(), MaxPooling2D(), Conv2D(filters=1, kernel_size=(3, 3)), Flatten(), Dense()],
            (2, "kernel_size"),
            'layers[2] Conv2D: kernel 3x3 does not fit into 2x2; pad with "same"',
        ),
    ],
)
def test_network_that_does_not_fit_is_rejected(layers: list[Layer], path: tuple[Any, ...], detail: str) -> None:
    with pytest.raises(FieldError) as caught:
        build_network(layers, IMAGE, 10)
    assert caught.value.path == path
    assert detail in caught.value.detail


def test_parameters_are_limited() -> None:
    fitting: list[Layer] = [Flatten(), Dense(units=7_000), Dense(units=7_000), Dense()]
    assert build_network(fitting, IMAGE, 10).parameters.total < limits.PARAMETERS
    above: list[Layer] = [Flatten(), Dense(units=7_100), Dense(units=7_100), Dense()]
    with pytest.raises(FieldError, match=r"exceeds the limit of 50,000,000; layers\[2\] Dense alone has 50,417,100"):
        build_network(above, IMAGE, 10)


def test_training_memory_counts_all_parts() -> None:
    built = build_network([Flatten(), Dense()], IMAGE, 10)
    activations = (64 + 64 + 10) * 32 * 2
    assert built.training_bytes(32, 1_797) == 4 * (activations + 650 * 4) + 1_797 * 64
    assert built.training_mb(32, 1_797) == 1
