import cv2
import numpy as np
import pytest

from imaging.digits.strokes import stroke_width, thicken, thin


def line(angle: float, width: int) -> np.ndarray:
    image = np.zeros((200, 200), np.uint8)
    reach = 70 * np.array([np.cos(angle), np.sin(angle)])
    start, end = (100 - reach).astype(int), (100 + reach).astype(int)
    cv2.line(image, start.tolist(), end.tolist(), 255, width)
    return image


@pytest.mark.parametrize("width", [3, 7, 13])
def test_stroke_width_of_rings_and_lines(width: int) -> None:
    ring = np.zeros((200, 200), np.uint8)
    cv2.circle(ring, (100, 100), 70, 255, width)
    drawn = np.count_nonzero(ring) / (2 * np.pi * 70)
    assert stroke_width(ring > 0) == pytest.approx(drawn, rel=0.1)
    for angle in np.linspace(0, np.pi, 16):
        mask = line(angle, width) > 0
        assert stroke_width(mask) == pytest.approx(np.count_nonzero(mask) / 140, rel=0.33)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (28, 28), (61, 40)])
def test_stroke_width_follows_from_its_outline(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(0).random(shape) < 0.6
    outer = np.pad(mask, 1)
    steps = sum(int(np.count_nonzero(np.diff(outer, axis=axis))) for axis in (0, 1))
    assert stroke_width(mask) == 8 / np.pi * np.count_nonzero(mask) / max(steps, 1)


def test_empty_mask_has_zero_width() -> None:
    assert stroke_width(np.zeros((5, 5), bool)) == 0


@pytest.mark.parametrize("radius", [1, 2, 5])
def test_strokes_change_by_radius_on_each_side(radius: int) -> None:
    image = np.zeros((60, 60), np.uint8)
    image[10:50, 20:34] = 200
    assert (thicken(image, radius)[30 + radius] == 200).sum() == 14 + 2 * radius
    assert (thin(image, radius)[30 + radius] == 200).sum() == 14 - 2 * radius if radius < 7 else True
    assert thicken(image, radius).shape == thin(image, radius).shape == (60 + 2 * radius,) * 2


def test_thicken_point_is_nearly_round() -> None:
    image = np.zeros((41, 41), np.uint8)
    image[20, 20] = 255
    grown = thicken(image, 8) > 0
    rows, columns = grown.nonzero()
    reach = np.hypot(rows - 28, columns - 28).max()
    assert 8 <= reach <= 9.5
    assert grown.sum() == pytest.approx(np.pi * 8.5**2, rel=0.12)
