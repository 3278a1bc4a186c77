import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from imaging.augmentation import operations

PICTURE = np.random.default_rng(0).integers(40, 200, (12, 10, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("operation", "enhancer", "tolerance"),
    [
        (operations.brightness, ImageEnhance.Brightness, 1),
        (operations.contrast, ImageEnhance.Contrast, 1.5),
        (operations.color, ImageEnhance.Color, 2),
    ],
)
@pytest.mark.parametrize("strength", [-1.0, -0.5, 0.0, 0.4, 1.0])
def test_enhancements_are_pillow_s_from_a_tenth_to_twice(operation, enhancer, tolerance, strength):
    expected = np.asarray(enhancer(Image.fromarray(PICTURE)).enhance(1 + 0.9 * strength), dtype=float)
    assert np.abs(operation(PICTURE, strength) - expected).max() <= tolerance


@pytest.mark.parametrize("strength", [-1.0, 0.0, 1.0])
def test_sharpness_is_pillow_s_away_from_the_edge(strength):
    expected = np.asarray(ImageEnhance.Sharpness(Image.fromarray(PICTURE)).enhance(1 + 0.9 * strength), dtype=float)
    assert np.abs(operations.sharpness(PICTURE, strength) - expected)[1:-1, 1:-1].max() <= 2


def test_posterization_solarization_and_auto_contrast_are_pillow_s():
    picture = Image.fromarray(PICTURE)
    assert np.array_equal(operations.posterization(PICTURE, 1.0), np.asarray(ImageOps.posterize(picture, 4)))
    assert np.array_equal(operations.solarization(PICTURE, -0.5), np.asarray(ImageOps.solarize(picture, 128)))
    difference = operations.auto_contrast(PICTURE, 0.0).astype(int) - np.asarray(ImageOps.autocontrast(picture))
    assert np.abs(difference).max() <= 1


def test_equalization_spreads_values_over_the_range():
    equalized = operations.equalization(PICTURE, 0.0)
    assert equalized.min(axis=(0, 1)).tolist() == [0, 0, 0]
    assert equalized.max(axis=(0, 1)).tolist() == [255, 255, 255]


@pytest.mark.parametrize("operation", [operations.auto_contrast, operations.equalization, operations.identity])
def test_an_even_picture_stays_as_it_is(operation):
    even = np.full((4, 4, 3), 9, np.uint8)
    assert np.array_equal(operation(even, 0.0), even)
