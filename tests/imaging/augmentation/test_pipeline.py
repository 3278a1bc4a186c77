from typing import Any

import numpy as np
import pytest

from imaging.augmentation.pipeline import Warp
from tests.imaging.augmentation.layers import augmentation

RNG = np.random.default_rng(0)
LABELS = np.arange(6) % 3
FLIP = {"type": "RandomFlip"}
ROTATION = {"type": "RandomRotation", "factor": 0.1}
ZOOM = {"type": "RandomZoom", "height_factor": 0.2}
NOISE = {"type": "GaussianNoise", "stddev": 0.1}
EVERY: list[dict[str, Any]] = [
    FLIP,
    ROTATION,
    {"type": "RandomTranslation", "height_factor": 0.2, "width_factor": 0.2},
    ZOOM,
    {"type": "RandomShear", "x_factor": 0.2, "y_factor": 0.1},
    {"type": "RandomCrop", "padding": 1},
    {"type": "RandomCrop", "height": 4, "width": 3},
    {"type": "RandomBrightness", "factor": 0.2},
    {"type": "RandomContrast", "factor": 0.5},
    {"type": "RandomErasing"},
    {"type": "RandomErasing", "fill_value": 3},
    NOISE,
    {"type": "MixUp", "alpha": 1},
    {"type": "CutMix"},
    {"type": "RandAugment", "num_ops": 10, "factor": 1},
    {"type": "ElasticDistortion", "sigma": 1, "alpha": 5},
]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("layers", [*([layer] for layer in EVERY), EVERY], ids=lambda layers: layers[0]["type"])
def test_every_layer_is_random_and_reproducible(layers: list[dict[str, Any]], channels: int) -> None:
    images = RNG.integers(0, 256, (6, 9, 7, channels), dtype=np.uint8)
    before = images.copy()
    change = augmentation(*layers, classes=3)
    first, labels = change(images, LABELS, np.random.default_rng(5))
    again, labels_again = change(images, LABELS, np.random.default_rng(5))
    other, _ = change(images, LABELS, np.random.default_rng(6))
    assert first.shape == images.shape
    assert first.dtype == np.uint8
    assert not np.array_equal(first, images)
    assert np.array_equal(images, before)
    assert np.array_equal(first, again)
    assert np.array_equal(labels, labels_again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("layer", EVERY, ids=lambda layer: layer["type"])
def test_labels_stay_indices_unless_mixed(layer: dict[str, Any]) -> None:
    images = RNG.integers(0, 256, (6, 9, 7, 1), dtype=np.uint8)
    change = augmentation(layer, classes=3)
    _, labels = change(images, LABELS, np.random.default_rng(5))
    assert change.mixes_labels == (layer["type"] in {"MixUp", "CutMix"})
    if change.mixes_labels:
        assert labels.shape == (6, 3)
        assert labels.dtype == np.float32
        assert np.allclose(labels.sum(axis=1), 1)
    else:
        assert labels is LABELS


def test_layers_draw_per_image() -> None:
    images = np.repeat(RNG.integers(0, 256, (1, 9, 7, 1), dtype=np.uint8), 8, axis=0)
    for layer in EVERY:
        if layer["type"] != "MixUp":
            changed, _ = augmentation(layer)(images, np.zeros(8, np.int64), np.random.default_rng(0))
            assert layer["type"] == "CutMix" or len({image.tobytes() for image in changed}) > 2, layer


@pytest.mark.parametrize(
    ("layers", "groups"),
    [
        ([FLIP, ROTATION, ZOOM], [3]),
        ([ROTATION, FLIP, {**ZOOM, "fill_mode": "nearest"}], [2, 1]),
        ([ROTATION, NOISE, ZOOM, FLIP], [1, 0, 2]),
        ([{"type": "RandomCrop", "padding": 4}, FLIP], [2]),
    ],
)
def test_consecutive_geometric_layers_are_merged(layers: list[dict[str, Any]], groups: list[int]) -> None:
    steps = augmentation(*layers)._steps
    assert [len(step.layers) if isinstance(step, Warp) else 0 for step in steps] == groups


def test_merged_lookup_equals_two_lookups() -> None:
    layers = [
        {"type": "RandomTranslation", "height_factor": (0.25, 0.25), "width_factor": (0.5, 0.5)},
        {"type": "RandomRotation", "factor": (0.25, 0.25)},
    ]
    layers = [{**layer, "fill_mode": "constant"} for layer in layers]
    images = np.zeros((1, 8, 8, 1), np.uint8)
    images[0, 1, 2] = 200  # goes 2 down and 4 right, to (3, 6); then to the left as far as it was down: (1, 3)
    moved, _ = augmentation(*layers)(images, np.zeros(1, np.int64), np.random.default_rng(0))
    one, _ = augmentation(layers[0])(images, np.zeros(1, np.int64), np.random.default_rng(0))
    two, _ = augmentation(layers[1])(one, np.zeros(1, np.int64), np.random.default_rng(0))
    assert np.argwhere(one).tolist() == [[0, 3, 6, 0]]
    assert np.argwhere(two).tolist() == [[0, 1, 3, 0]]
    assert np.array_equal(moved, two)
