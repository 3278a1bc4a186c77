from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from imaging.augmentation import operations

IMAGE = np.random.default_rng(0).integers(40, 200, (12, 10, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("operation", "enhancer", "tolerance"),
    [
        (operations.brightness, ImageEnhance.Brightness, 1),
        (operations.contrast, ImageEnhance.Contrast, 1.5),
        (operations.color, ImageEnhance.Color, 2),
    ],
)
@pytest.mark.parametrize("strength", [-1.0, -0.5, 0.0, 0.4, 1.0])
def test_enhancements_equal_pillow(operation: Any, enhancer: type[Any], tolerance: float, strength: float) -> None:
    expected = np.asarray(enhancer(Image.fromarray(IMAGE)).enhance(1 + 0.9 * strength), dtype=float)
    assert np.abs(operation(IMAGE, strength) - expected).max() <= tolerance


@pytest.mark.parametrize("strength", [-1.0, 0.0, 1.0])
def test_sharpness_equals_pillow_inside_edge(strength: float) -> None:
    expected = np.asarray(ImageEnhance.Sharpness(Image.fromarray(IMAGE)).enhance(1 + 0.9 * strength), dtype=float)
    assert np.abs(operations.sharpness(IMAGE, strength) - expected)[1:-1, 1:-1].max() <= 2


def test_point_operations_equal_pillow() -> None:
    image = Image.fromarray(IMAGE)
    assert np.array_equal(operations.posterization(IMAGE, 1.0), np.asarray(ImageOps.posterize(image, 4)))
    assert np.array_equal(operations.solarization(IMAGE, -0.5), np.asarray(ImageOps.solarize(image, 128)))
    difference = operations.auto_contrast(IMAGE, 0.0).astype(int) - np.asarray(ImageOps.autocontrast(image))
    assert np.abs(difference).max() <= 1


def test_equalization_spans_full_range() -> None:
    equalized = operations.equalization(IMAGE, 0.0)
    assert equalized.min(axis=(0, 1)).tolist() == [0, 0, 0]
    assert equalized.max(axis=(0, 1)).tolist() == [255, 255, 255]


@pytest.mark.parametrize("operation", [operations.auto_contrast, operations.equalization, operations.identity])
def test_uniform_image_is_unchanged(operation: Any) -> None:
    even = np.full((4, 4, 3), 9, np.uint8)
    assert np.array_equal(operation(even, 0.0), even)
