"""Augmentation layers without randomness, compared with Keras's layers of the same name."""

from typing import Any

import numpy as np
import pytest

from imaging.augmentation.photometry import RandomContrast
from tests.imaging.augmentation.layers import augmentation

# Not "wrap": TensorFlow wraps a pixel too late where rounding has put a place a hair outside the image.
FILLS = ("reflect", "constant", "nearest")
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 12, 9, 3), dtype=np.uint8)


def smooth_images() -> np.ndarray:
    """Without steep edges, so that a difference in rounding a place is a small one in value."""
    y, x = np.mgrid[:12, :9]
    waves = [127 + 120 * np.sin(y / 3 + channel) * np.cos(x / 3) for channel in range(3)]
    return np.stack([np.stack(waves, axis=-1)] * 2).astype(np.uint8)


def of_both(images: np.ndarray, layer: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    import keras

    fields = {name: value for name, value in layer.items() if name != "type"}
    theirs = getattr(keras.layers, layer["type"])(**fields)(images.astype("float32"), training=True)
    ours, _ = augmentation(layer)(images, np.zeros(2, np.int64), np.random.default_rng(0))
    return ours.astype(float), np.asarray(theirs)


@pytest.mark.parametrize("fill_mode", FILLS)
@pytest.mark.parametrize(
    "layer",
    [
        {"type": "RandomRotation", "factor": (0.25, 0.25)},
        {"type": "RandomRotation", "factor": (-0.25, -0.25)},
        {"type": "RandomRotation", "factor": (0.5, 0.5)},
        {"type": "RandomTranslation", "height_factor": (0.25, 0.25), "width_factor": (-1 / 3, -1 / 3)},
        {"type": "RandomTranslation", "height_factor": (-1 / 12, -1 / 12), "width_factor": (0.0, 0.0)},
        {"type": "RandomTranslation", "height_factor": (0.75, 0.75), "width_factor": (-1.0, -1.0)},
    ],
)
def test_moves_by_whole_pixels_equal_keras(layer: dict[str, Any], fill_mode: str) -> None:
    images = IMAGES[:, :9] if layer["type"] == "RandomRotation" else IMAGES
    ours, theirs = of_both(images, {**layer, "fill_mode": fill_mode, "fill_value": 7.0})
    assert np.abs(ours - theirs).max() < 0.6


@pytest.mark.parametrize("fill_mode", FILLS)
@pytest.mark.parametrize(
    "layer",
    [
        {"type": "RandomRotation", "factor": (0.07, 0.07)},
        {"type": "RandomRotation", "factor": (-0.4, -0.4)},
        {"type": "RandomTranslation", "height_factor": (0.11, 0.11), "width_factor": (-0.17, -0.17)},
        {"type": "RandomZoom", "height_factor": (0.3, 0.3)},
        {"type": "RandomZoom", "height_factor": (-0.3, -0.3), "width_factor": (0.2, 0.2)},
    ],
)
def test_interpolated_moves_are_close_to_keras(layer: dict[str, Any], fill_mode: str) -> None:
    ours, theirs = of_both(smooth_images(), {**layer, "fill_mode": fill_mode, "fill_value": 99.0})
    assert np.abs(ours - theirs).max() < 3


def test_wrap_equals_roll() -> None:
    layer = {"type": "RandomTranslation", "height_factor": (0.25, 0.25), "width_factor": (-1 / 3, -1 / 3)}
    ours, theirs = of_both(IMAGES, {**layer, "fill_mode": "wrap"})
    assert np.array_equal(ours, np.roll(IMAGES, (3, -3), axis=(1, 2)))
    assert np.abs(ours - theirs).max() < 0.6


def test_shear_equals_keras_in_either_direction() -> None:
    import keras

    layer = {"type": "RandomShear", "x_factor": (0.4, 0.4), "y_factor": (0.2, 0.2)}
    images = np.repeat(smooth_images(), 16, axis=0)
    ours, _ = augmentation(layer)(images, np.zeros(32, np.int64), np.random.default_rng(0))
    keras.utils.set_random_seed(0)
    theirs = np.asarray(keras.layers.RandomShear((0.4, 0.4), (0.2, 0.2))(images.astype("float32"), training=True))
    same = np.abs(ours[:, None].astype(float) - theirs).max(axis=(2, 3, 4)) < 3
    assert same.any(axis=0).all()
    assert same.any(axis=1).all()
    assert not same.all()


@pytest.mark.parametrize("factor", [-1.0, -0.31, 0.0, 0.123, 1.0])
def test_brightness_equals_keras(factor: float) -> None:
    ours, theirs = of_both(IMAGES, {"type": "RandomBrightness", "factor": (factor, factor)})
    assert np.abs(ours - theirs).max() <= 0.5001


@pytest.mark.parametrize("factor", [(0.0, 0.0), (1.0, -1.0), (0.4, -0.4), (-0.5, 0.5)])
def test_contrast_equals_keras(factor: tuple[float, float]) -> None:
    """Keras draws from [1 - factor[0], 1 + factor[1]]: with factor[1] = -factor[0] there is no choice."""
    import keras

    theirs = keras.layers.RandomContrast(0.0)
    theirs.factor = factor
    expected = np.asarray(theirs(IMAGES.astype("float32"), training=True))
    ours = RandomContrast(factor).apply(IMAGES, np.random.default_rng(0))
    assert np.abs(ours.astype(float) - expected).max() <= 0.51
