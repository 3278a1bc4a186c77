import numpy as np
import pytest

from imaging.digits.ink import edge_pixels, find_inks, highest, histogram, lowest, luminance, quantiles


@pytest.mark.parametrize("share", [0, 0.05, 0.5, 0.95, 1])
def test_quantiles_equal_numpy(share: float) -> None:
    values = np.random.default_rng(0).integers(0, 256, 999).astype(np.uint8)
    assert quantiles(values, [share]) == [np.quantile(values, share, method="inverted_cdf")]


def test_highest_ignores_given_number() -> None:
    values = np.array([255, 255, 255, 90, 80, 0, 0], np.uint8)
    assert [highest(histogram(values), ignored) for ignored in (0, 2, 3, 4, 6)] == [255, 255, 90, 80, 0]


def test_lowest_ignores_given_number() -> None:
    values = np.array([0, 0, 7, 90, 255], np.uint8)
    assert [lowest(histogram(values), ignored) for ignored in (0, 1, 2, 3, 5)] == [0, 0, 7, 90, 256]


def test_edge_has_each_pixel_once() -> None:
    assert sorted(edge_pixels(np.arange(12).reshape(3, 4))) == [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]


@pytest.mark.parametrize(
    ("paper", "pen", "is_dark"), [(250, 20, True), (0, 255, False), (90, 200, False), (120, 60, True)]
)
def test_ink_on_even_paper(paper: int, pen: int, is_dark: bool) -> None:
    image = np.full((28, 28), paper, np.uint8)
    image[5:23, 12:15] = pen
    [ink] = find_inks(image)
    assert (ink.is_dark, ink.is_evened, ink.contrast) == (is_dark, False, abs(paper - pen))
    assert (ink.strength == np.where(image == pen, 255, 0)).all()


@pytest.mark.parametrize(("darker", "is_dark"), [(3, True), (200, False)])
def test_paper_of_two_levels_is_the_middle_one(darker: int, is_dark: bool) -> None:
    """Of an even number of pixels at the edge half are darker: the paper is what is next to the ink."""
    image = np.full((20, 20), darker + 5, np.uint8)
    image[:, :10] = darker
    image[4:16, 8:12] = darker if is_dark else darker + 55
    [ink] = find_inks(image, is_dark)
    assert ink.contrast == (0 if is_dark else 50)


@pytest.mark.parametrize("shade", [0, 90, 255])
def test_blank_image_has_no_contrast(shade: int) -> None:
    [ink] = find_inks(np.full((9, 9), shade, np.uint8))
    assert (ink.contrast, ink.is_dark, bool(ink.strength.any())) == (0, True, False)


def test_colored_ink_uses_strongest_channel() -> None:
    image = np.full((30, 30, 3), 255, np.uint8)
    image[5:25, 14:17] = (255, 230, 0)  # yellow: its luminance is 211
    [ink] = find_inks(image)
    assert ink.contrast == 255
    assert luminance(image)[10, 15] > 200


def test_uneven_light_is_not_ink() -> None:
    slope = np.tile(np.linspace(80, 240, 120), (120, 1))
    strokes = np.zeros((120, 120), bool)
    strokes[30:90, 20:25] = strokes[30:90, 95:100] = True
    image = np.where(strokes, slope * 0.3, slope).astype(np.uint8)
    dark = next(ink for ink in find_inks(image) if ink.is_dark)
    assert dark.is_evened
    assert ((dark.strength >= dark.threshold) == strokes).mean() > 0.995
