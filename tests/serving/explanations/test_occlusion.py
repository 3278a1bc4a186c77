import numpy as np
import pytest

from serving.explanations.occlusion import MAX_PLACES, Grid, HidableImage


@pytest.mark.parametrize(
    ("side", "grid"),
    [
        (8, Grid(8, 8, 3, 1)),
        (28, Grid(14, 14, 6, 2)),
        (32, Grid(11, 11, 9, 3)),
        (64, Grid(13, 13, 15, 5)),
        (224, Grid(10, 10, 69, 23)),
        (1024, Grid(7, 7, 441, 147)),
    ],
)
def test_grid_is_coarser_for_large_images(side: int, grid: Grid) -> None:
    assert Grid.of(side, side) == grid


@pytest.mark.parametrize("height", [1, 7, 28, 65, 300])
@pytest.mark.parametrize("width", [1, 28, 64, 257, 4000])
def test_every_pixel_is_hidden_at_some_place(height: int, width: int) -> None:
    grid = Grid.of(height, width)
    hidden = np.zeros((height, width), bool)
    for row in range(grid.rows):
        for column in range(grid.columns):
            hidden[grid.slices((row, column))] = True

    assert hidden.all()
    assert grid.rows * grid.columns <= MAX_PLACES


def test_copies_are_hidden_by_the_background() -> None:
    pixels = np.zeros((8, 8, 2), dtype=np.uint8) + np.array([10, 200], dtype=np.uint8)
    pixels[0, 0] = 99  # one pixel of the edge is no background
    pixels[4, 4] = 255
    image = HidableImage.of(pixels)

    assert image.background.tolist() == [10, 200]
    [copy] = image.copies([(4, 4)])
    assert (copy[4, 4] == [10, 200]).all()
    assert copy[0, 0].tolist() == [99, 99]
    assert pixels[4, 4].tolist() == [255, 255]


def test_places_without_content_are_left_out() -> None:
    pixels = np.zeros((8, 8, 1), dtype=np.uint8)
    assert HidableImage.of(pixels).places == []
    pixels[0, 3] = 255
    assert HidableImage.of(pixels).places == [(row, column) for row in (0, 1) for column in (2, 3, 4)]
