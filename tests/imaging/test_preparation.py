import numpy as np
import pytest
from PIL import Image

from imaging.digits.normalize import normalize
from imaging.preparation import DigitForm, prepare_image
from imaging.resize import Mode, Shape, to_array
from tests.imaging.digits.conftest import drawn

DIGIT = drawn(5)
PHOTO = Image.fromarray(np.repeat(np.pad(255 - DIGIT, 30, constant_values=255)[..., None], 3, axis=2))


@pytest.mark.parametrize("resize", ["stretch", "fit", "fill"])
def test_image_without_digit_form_is_resized(resize: Mode) -> None:
    array, steps, finding, _ = prepare_image(PHOTO, (20, 30, 1), resize)
    assert (array == to_array(PHOTO, (20, 30, 1), resize)).all()
    assert steps == ("grayscale", "resized")
    assert finding == "digit"


def test_fitting_image_is_unchanged() -> None:
    cases: tuple[tuple[Shape, DigitForm | None], ...] = (((28, 28, 1), None), ((8, 8, 1), "filling"))
    for shape, form in cases:
        pixels = np.random.default_rng(0).integers(0, 256, shape[:2], dtype=np.uint8)
        array, steps, *_ = prepare_image(Image.fromarray(pixels), shape, "stretch", form)
        assert (array[..., 0] == pixels).all()
        assert steps == ()


def test_centered_form_gives_mnist_digit() -> None:
    array, steps, finding, _ = prepare_image(PHOTO, (28, 28, 1), "stretch", "centered")
    assert (array[..., 0] == normalize(np.asarray(PHOTO)).image).all()
    assert steps == ("grayscale", "inverted", "cropped", "centered")
    assert finding == "digit"


@pytest.mark.parametrize("shape", [(14, 14, 1), (32, 32, 3)])
def test_centered_form_is_resized_to_shape(shape: Shape) -> None:
    array, *_ = prepare_image(PHOTO, shape, "stretch", "centered")
    seen = Image.fromarray(normalize(np.asarray(PHOTO)).image)
    assert (array == to_array(seen, shape)).all()


def test_filling_form_fills_height() -> None:
    array, _, finding, _ = prepare_image(PHOTO, (8, 8, 1), "stretch", "filling")
    ink = array[..., 0].astype(float)
    assert finding == "digit"
    assert (ink.max(axis=1) > 80).all()
    columns = np.flatnonzero(ink.max(axis=0) > 80)
    assert 3 <= len(columns) <= 6
    assert abs(columns.mean() - 3.5) <= 0.5


@pytest.mark.parametrize("form", ["centered", "filling"])
def test_blank_paper_is_not_a_digit(form: DigitForm) -> None:
    array, steps, finding, _ = prepare_image(Image.new("RGB", (90, 70), "white"), (8, 8, 1), "stretch", form)
    assert not array.any()
    assert steps == ("grayscale", "blank")
    assert finding == "not_a_digit"


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize(("peak", "white"), [(1, 255), (16, 240)])
def test_fitting_image_of_other_range_is_stretched(mode: str, peak: int, white: int) -> None:
    pixels = np.random.default_rng(0).integers(0, peak + 1, (8, 8), dtype=np.uint8)
    array, *_ = prepare_image(Image.fromarray(pixels).convert(mode), (8, 8, 1), "stretch", "filling")
    assert (array[..., 0] == pixels * (white // peak)).all()
