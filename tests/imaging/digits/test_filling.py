from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import image as mpl_image
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from imaging.decode import decode
from imaging.preparation import PreparedImage, prepare_image
from tests.support.image_files import encoded

Pixels = NDArray[np.uint8]
SHAPE = (8, 8, 1)
DIGITS = np.rint(load_digits().images * 255 / 16).astype(np.uint8)
SOME = DIGITS[::60]
NEAREST, BILINEAR, BICUBIC = Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC


def prepared(image: Pixels | Image.Image) -> PreparedImage:
    return prepare_image(
        image if isinstance(image, Image.Image) else Image.fromarray(image), SHAPE, "stretch", "filling"
    )


def likeness(one: Pixels, other: Pixels) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def assert_seen(image: Pixels | Image.Image, digit: Pixels, tolerance: float = 0.02) -> None:
    seen = prepared(image)
    assert seen.finding == "digit"
    assert likeness(seen.array, digit) > 1 - tolerance


def saved(write: Any, *arguments: Any, **options: Any) -> Image.Image:
    file = BytesIO()
    write(file, *arguments, format="png", **options)
    return decode(file.getvalue(), 10_000_000)


def test_digits_of_optdigits_are_unchanged() -> None:
    for digit in DIGITS:
        array, steps, finding, _ = prepared(digit)
        assert (array[..., 0] == digit).all()
        assert steps == ()
        assert finding == "digit"


def test_dark_digits_are_inverted() -> None:
    for digit in DIGITS:
        array, steps, *_ = prepared(255 - digit)
        assert steps == ("inverted", "stretched")
        assert likeness(array, digit) > 0.999


@pytest.mark.parametrize("side", [1, 10])
@pytest.mark.parametrize("peak", [1, 16])
@pytest.mark.parametrize("is_dark", [False, True])
def test_digits_of_another_range_are_stretched(side: int, peak: int, is_dark: bool) -> None:
    for digit in SOME:
        levels = np.rint(digit / 255 * peak).astype(np.uint8)
        image = np.kron(peak - levels if is_dark else levels, np.ones((side, side), np.uint8))
        assert_seen(image, levels * (255 // peak), 0.001)


@pytest.mark.parametrize("color_map", ["viridis", "gray", "gray_r", "binary", "Greys", "Blues", "hot", "magma"])
def test_saved_arrays_are_read(color_map: str) -> None:
    for digit in SOME:
        assert_seen(saved(mpl_image.imsave, digit, cmap=color_map), digit, 0.06)


@pytest.mark.parametrize("side", [16, 28, 64, 80, 100, 280])
@pytest.mark.parametrize("resampling", [NEAREST, BILINEAR, BICUBIC])
@pytest.mark.parametrize("is_dark", [False, True])
def test_enlarged_digits_are_read(side: int, resampling: Image.Resampling, is_dark: bool) -> None:
    for digit in SOME:
        image = Image.fromarray(255 - digit if is_dark else digit).resize((side, side), resampling)
        assert_seen(image, digit, 0.05)


def plotted(digit: Pixels, color_map: str | None, *, axes: bool, title: str = "", bar: bool = False) -> Figure:
    figure = Figure()
    plot = figure.subplots()
    shown = plot.imshow(digit, cmap=color_map)
    plot.set_title(title)
    plot.set_axis_on() if axes else plot.set_axis_off()
    if bar:
        figure.colorbar(shown)
    return figure


@pytest.mark.parametrize("color_map", [None, "gray", "gray_r"])
@pytest.mark.parametrize("options", [{"axes": True}, {"axes": True, "title": "Label: 3"}, {"axes": True, "bar": True}])
def test_plotted_digits_are_read(color_map: str | None, options: dict[str, Any]) -> None:
    with mpl.rc_context({"figure.dpi": 60}):
        for digit in SOME[::6]:
            image = saved(plotted(digit, color_map, **options).savefig)
            assert_seen(image, digit, 0.04)
            file = encoded(image.convert("RGB"), "JPEG", quality=80)
            assert_seen(decode(file, 10_000_000), digit, 0.06)


@pytest.mark.parametrize("color_map", [None, "gray"])
def test_plots_without_axes_are_read(color_map: str | None) -> None:
    for digit in SOME[::6]:
        assert_seen(saved(plotted(digit, color_map, axes=False).savefig), digit, 0.04)


def test_row_of_plots_is_not_a_digit() -> None:
    figure = Figure()
    for plot, digit in zip(figure.subplots(1, 4), SOME, strict=False):
        plot.imshow(digit, cmap="gray_r")
    assert prepared(saved(figure.savefig)).finding != "digit"


@pytest.mark.parametrize("side", [8, 40])
def test_noise_is_not_changed_to_a_digit(side: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (20, side, side), dtype=np.uint8)
    for each in noise:
        seen = prepared(each)
        assert (seen.array[..., 0] == each).all() if side == 8 else seen.finding != "digit"


def test_thin_drawing_is_not_an_enlarged_digit() -> None:
    """Its strokes would fade: it is normalized as any drawing."""
    drawing = np.full((100, 100), 255, np.uint8)
    drawing[:, 49:51] = 0
    drawing[:2, 30:51] = drawing[-2:, 30:70] = 0
    assert "centered" in prepared(drawing).steps
