import numpy as np
import pytest

from serving.explanations.explanation import Region
from serving.explanations.occlusion import HidableImage, Place
from serving.explanations.regions import region_of


@pytest.mark.parametrize(
    ("place", "region"),
    [
        ((4, 6), "upper"),
        ((4, 4), "upper_left"),
        ((7, 5), "left"),
        ((7, 9), "right"),
        ((9, 7), "lower"),
        ((7, 7), "center"),
    ],
)
def test_region_is_that_of_the_content(place: Place, region: Region) -> None:
    pixels = np.zeros((28, 28, 1), dtype=np.uint8)
    pixels[9:21, 9:21] = 255  # cells of two pixels: its box is from cell 4.5 to 10.5

    assert region_of(HidableImage.of(pixels), place) == region


def test_patch_beside_the_content_has_a_region() -> None:
    pixels = np.zeros((28, 28, 1), dtype=np.uint8)
    pixels[12:18, 12:18] = 255  # cells 6 to 8

    assert region_of(HidableImage.of(pixels), (5, 7)) == "upper"
    assert region_of(HidableImage.of(pixels), (9, 9)) == "lower_right"
