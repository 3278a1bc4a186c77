from itertools import product
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from imaging.resize import Mode, Shape, resize_all, to_array


def test_image_of_target_size_is_unchanged() -> None:
    values = np.random.default_rng(0).integers(0, 256, (8, 5, 3), dtype=np.uint8)
    assert np.array_equal(to_array(Image.fromarray(values), (8, 5, 3)), values)


def test_grayscale_of_target_size_is_unchanged() -> None:
    values = np.random.default_rng(0).integers(0, 256, (8, 5), dtype=np.uint8)
    assert np.array_equal(to_array(Image.fromarray(values), (8, 5, 1)), values[..., None])


def test_halving_averages_squares() -> None:
    values = np.random.default_rng(1).integers(0, 64, (6, 8), dtype=np.uint8) * 4
    means = values.reshape(3, 2, 4, 2).mean(axis=(1, 3))
    assert np.abs(to_array(Image.fromarray(values), (3, 4, 1))[..., 0] - means).max() <= 0.5


def test_enlarging_keeps_uniform_areas_and_range() -> None:
    image = Image.new("L", (2, 1), 0)
    image.putpixel((1, 0), 200)
    grown = to_array(image, (4, 8, 1))[..., 0]
    assert grown[:, 0].tolist() == [0] * 4
    assert grown[:, -1].tolist() == [200] * 4
    assert np.all(np.diff(grown.astype(int), axis=1) >= 0)


@pytest.mark.parametrize("size", [(3, 9), (9, 3), (1, 500), (28, 28)])
@pytest.mark.parametrize("shape", [(8, 8, 1), (5, 7, 3)])
def test_array_has_requested_shape(size: tuple[int, int], shape: tuple[int, int, int]) -> None:
    array = to_array(Image.new("RGB", size, (10, 20, 30)), shape)
    assert array.shape == shape
    assert array.dtype == np.uint8
    assert np.ptp(array, axis=(0, 1)).max() == 0


def test_grayscale_becomes_equal_rgb_channels() -> None:
    array = to_array(Image.new("L", (4, 4), 77), (4, 4, 3))
    assert np.all(array == 77)


def test_rgb_becomes_luma() -> None:
    # ITU-R 601-2: L = 0.299 R + 0.587 G + 0.114 B
    assert to_array(Image.new("RGB", (1, 1), (100, 0, 0)), (1, 1, 1)).tolist() == [[[30]]]
    assert to_array(Image.new("RGB", (1, 1), (0, 100, 0)), (1, 1, 1)).tolist() == [[[59]]]


@pytest.mark.parametrize("shape", [(7, 9, 1), (7, 9, 3), (5, 30, 3), (40, 12, 1), (20, 10, 3), (512, 1, 1)])
def test_training_and_prediction_get_same_pixels(shape: Shape) -> None:
    for mode, channels in product(get_args(Mode), (1, 3)):
        images = np.random.default_rng(2).integers(0, 256, (3, 20, 10, channels), dtype=np.uint8)
        resized = resize_all(images, shape, mode)
        assert resized.dtype == np.uint8
        for image, seen in zip(images, resized, strict=True):
            assert np.array_equal(to_array(Image.fromarray(image.squeeze()), shape, mode), seen), (mode, channels)


def test_images_of_target_shape_are_not_copied() -> None:
    images = np.zeros((3, 20, 10, 1), np.uint8)
    assert resize_all(images, (20, 10, 1), "fill") is images


def test_shrinking_side_averages_despite_growing_side() -> None:
    stripes = np.tile(np.array([[0, 200]], np.uint8), (4, 20))
    assert np.abs(to_array(Image.fromarray(stripes), (8, 10, 1)).astype(int) - 100).max() <= 1


def test_shrunk_fine_pattern_has_no_moire() -> None:
    board = (np.indices((420, 580)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert np.abs(to_array(Image.fromarray(board), (64, 64, 3)).astype(int) - 127).max() <= 8


def test_fit_keeps_aspect_ratio_with_black_bars() -> None:
    fitted = to_array(Image.new("RGB", (40, 20), (50, 60, 70)), (16, 16, 3), "fit")
    assert (fitted[4:12] == (50, 60, 70)).all()
    assert (fitted[:4] == 0).all()
    assert (fitted[12:] == 0).all()


def test_fit_of_very_thin_image_keeps_line() -> None:
    fitted = to_array(Image.new("L", (500, 1), 90), (8, 8, 1), "fit")
    assert (fitted[3] == 90).all()
    assert fitted.astype(bool).sum() == 8


def test_fill_keeps_aspect_ratio_and_crops() -> None:
    values = np.zeros((10, 30), np.uint8)
    values[:, 10:20] = 80
    assert (to_array(Image.fromarray(values), (5, 5, 1), "fill") == 80).all()
    assert (to_array(Image.fromarray(values.T), (20, 20, 1), "fill") == 80).all()
