from typing import Any

import pytest

from specs.layers import Conv2D, Dense, Flatten, Layer, LayerNormalization, PlainLayer, Residual, Shape
from specs.network_builder import build_network
from specs.schema import FieldError

IMAGE = (8, 8, 2)
END = (Flatten(), Dense())


def rows(*layers: Layer, input_shape: Shape = IMAGE) -> list[tuple[str, Shape, int]]:
    return [
        (row.name, row.output_shape, row.parameters) for row in build_network([*layers, *END], input_shape, 10).table
    ]


def test_block_of_same_shape_adds_input() -> None:
    block = Residual(layers=(Conv2D(filters=2, kernel_size=(3, 3), padding="same"),), activation="relu")
    assert rows(block)[:3] == [
        ("conv2d", (8, 8, 2), 3 * 3 * 2 * 2 + 2),
        ("add", (8, 8, 2), 0),
        ("activation", (8, 8, 2), 0),
    ]


def test_block_of_other_shape_projects_input() -> None:
    block = Residual(layers=(Conv2D(filters=4, kernel_size=(3, 3), padding="same", strides=(2, 4)),))
    assert rows(block)[:3] == [
        ("conv2d", (4, 2, 4), 3 * 3 * 2 * 4 + 4),
        ("conv2d_1", (4, 2, 4), 2 * 4 + 4),
        ("add", (4, 2, 4), 0),
    ]


def test_features_are_projected_by_dense() -> None:
    block = Residual(layers=(Dense(units=5), LayerNormalization()))
    assert rows(block, input_shape=(3,))[:4] == [
        ("dense", (5,), 3 * 5 + 5),
        ("layer_normalization", (5,), 10),
        ("dense_1", (5,), 3 * 5 + 5),
        ("add", (5,), 0),
    ]


@pytest.mark.parametrize(
    ("inner", "input_shape", "path", "detail"),
    [
        (
            [Dense(units=2), Conv2D(filters=1, kernel_size=(9, 9))],
            IMAGE,
            (0, "layers", 1, "kernel_size"),
            "layers[0] Residual: layers[1] Conv2D: kernel 9x9 does not fit into 8x8",
        ),
        ([Flatten()], IMAGE, (0, "layers"), "layers[0] Residual: change 8x8x2 to 128, which no 1x1 convolution"),
        ([Conv2D(filters=2, kernel_size=(3, 3))], IMAGE, (0, "layers"), "change 8x8x2 to 6x6x2"),
        (
            [Conv2D(filters=2, kernel_size=(1, 1))],
            (3,),
            (0, "layers", 0, "type"),
            "layers[0] Residual: layers[0] Conv2D: expected height x width x channels, received 3 features",
        ),
    ],
)
def test_block_that_does_not_fit_names_inner_layer(
    inner: list[PlainLayer], input_shape: tuple[int, ...], path: tuple[Any, ...], detail: str
) -> None:
    with pytest.raises(FieldError) as caught:
        build_network([Residual(layers=tuple(inner)), *END], input_shape, 10)
    assert caught.value.path == path
    assert detail in caught.value.detail


def test_freezing_and_memory_count_inner_layers() -> None:
    block = Residual(layers=(Conv2D(filters=2, kernel_size=(3, 3), padding="same"),))
    built = build_network([block, *END], IMAGE, 10)
    assert built.freeze(1).parameters.non_trainable == 38
    assert built.freeze(1).parameters.trainable == 128 * 10 + 10
    activations = (128 + 128 + 128 + 128 + 10) * 4 * 2
    assert built.training_bytes(4, 7) == 4 * (activations + (38 + 1_290) * 4) + 7 * 128


def test_freezing_everything_is_rejected() -> None:
    with pytest.raises(FieldError, match="`freeze` 2 leaves nothing to train"):
        build_network(END, IMAGE, 10).freeze(2)
