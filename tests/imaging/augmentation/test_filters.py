from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.imaging.augmentation.layers import augmentation

NO_LABELS = np.zeros(40, np.int64)


def changed(layer: dict[str, Any], images: np.ndarray) -> np.ndarray:
    return augmentation(layer)(images, NO_LABELS[: len(images)], np.random.default_rng(0))[0]


@pytest.fixture
def strokes() -> np.ndarray:
    """A vertical stroke, four pixels wide, on black."""
    images = np.zeros((40, 20, 20, 1), np.uint8)
    images[:, :, 8:12] = 200
    return images


@pytest.mark.parametrize(("radius", "width"), [(2, 8), (1, 6), (0.5, 5), (-0.5, 3), (-1, 2)])
def test_dilation_changes_stroke_width_on_both_sides(strokes: NDArray[np.uint8], radius: float, width: int) -> None:
    grown = changed({"type": "RandomDilation", "radius": [radius, radius]}, strokes)
    assert grown.max() == 200
    assert np.allclose(grown.sum(axis=2)[..., 0] / 200, width, atol=0.02)


def test_dilation_radius_is_drawn_per_image(strokes: NDArray[np.uint8]) -> None:
    widths = changed({"type": "RandomDilation", "radius": 1.5}, strokes)[:, 10, :, 0].sum(axis=1) / 200
    assert widths.min() < 2
    assert widths.max() > 6
    assert len(set(widths.tolist())) > 20


def test_dilation_keeps_channels_separate() -> None:
    images = np.zeros((2, 9, 9, 3), np.uint8)
    images[:, 4, 4, 1] = 250
    grown = changed({"type": "RandomDilation", "radius": [1, 1]}, images)
    assert (grown[0] > 0).sum() == 5
    assert not grown[..., [0, 2]].any()


def test_blur_keeps_sum_and_lowers_peak() -> None:
    images = np.zeros((40, 9, 9, 1), np.uint8)
    images[:, 4, 4] = 255
    blurred = changed({"type": "RandomGaussianBlur", "sigma": [1, 1], "kernel_size": 7}, images)
    # The integral of a normal distribution of deviation 1 over the pixel in the middle: 0.383, squared 0.147.
    assert abs(int(blurred[0, 4, 4, 0]) - 255 * 0.159) < 3  # sampled at the pixels, normalized within 7 of them
    assert abs(int(blurred[0].sum()) - 255) <= 8


def test_share_of_blurred_images_matches_factor() -> None:
    images = np.zeros((2000, 5, 5, 1), np.uint8)
    images[:, 2, 2] = 255
    blurred = augmentation({"type": "RandomGaussianBlur", "factor": 0.3, "sigma": [0.9, 1]})(
        images, np.zeros(2000, np.int64), np.random.default_rng(0)
    )[0]
    assert abs((blurred[:, 2, 2, 0] < 255).mean() - 0.3) < 0.03
