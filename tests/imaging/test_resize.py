import numpy as np
import pytest
from PIL import Image

from imaging.resize import to_array


def test_picture_of_the_size_is_not_changed() -> None:
    values = np.random.default_rng(0).integers(0, 256, (8, 5, 3), dtype=np.uint8)
    assert np.array_equal(to_array(Image.fromarray(values), (8, 5, 3)), values)


def test_grey_picture_of_the_size_is_not_changed() -> None:
    values = np.random.default_rng(0).integers(0, 256, (8, 5), dtype=np.uint8)
    assert np.array_equal(to_array(Image.fromarray(values), (8, 5, 1)), values[..., None])


def test_halving_takes_the_mean_of_each_square() -> None:
    values = np.random.default_rng(1).integers(0, 64, (6, 8), dtype=np.uint8) * 4
    means = values.reshape(3, 2, 4, 2).mean(axis=(1, 3))
    assert np.abs(to_array(Image.fromarray(values), (3, 4, 1))[..., 0] - means).max() <= 0.5


def test_growing_keeps_even_areas_and_the_range() -> None:
    picture = Image.new("L", (2, 1), 0)
    picture.putpixel((1, 0), 200)
    grown = to_array(picture, (4, 8, 1))[..., 0]
    assert grown[:, 0].tolist() == [0] * 4
    assert grown[:, -1].tolist() == [200] * 4
    assert np.all(np.diff(grown.astype(int), axis=1) >= 0)


@pytest.mark.parametrize("size", [(3, 9), (9, 3), (1, 500), (28, 28)])
@pytest.mark.parametrize("shape", [(8, 8, 1), (5, 7, 3)])
def test_array_has_the_shape_asked_for(size: tuple[int, int], shape: tuple[int, int, int]) -> None:
    array = to_array(Image.new("RGB", size, (10, 20, 30)), shape)
    assert array.shape == shape
    assert array.dtype == np.uint8
    assert np.ptp(array, axis=(0, 1)).max() == 0


def test_grey_picture_has_three_equal_channels_where_colour_is_asked_for() -> None:
    array = to_array(Image.new("L", (4, 4), 77), (4, 4, 3))
    assert np.all(array == 77)


def test_colour_becomes_grey_by_luma() -> None:
    # ITU-R 601-2: L = 0.299 R + 0.587 G + 0.114 B
    assert to_array(Image.new("RGB", (1, 1), (100, 0, 0)), (1, 1, 1)).tolist() == [[[30]]]
    assert to_array(Image.new("RGB", (1, 1), (0, 100, 0)), (1, 1, 1)).tolist() == [[[59]]]
