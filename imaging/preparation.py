"""Preparation of a decoded image for a network, with the steps taken."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.digits.filling import find_filling
from imaging.digits.ink import luminance, stretch_range
from imaging.digits.localization import Finding
from imaging.digits.normalize import NormalizedDigit, fill_height, normalize, normalize_row
from imaging.digits.pixels import from_pillow, to_pillow
from imaging.resize import Mode, Shape, to_array

# The form of a dataset's digits, light on black: centered by mass, or filling the height of the image.
DigitForm = Literal["centered", "filling"]


class PreparedImage(NamedTuple):
    """`array` is (height, width, channels), uint8 0-255. `steps` names in order what was done. Where a digit was
    expected, `finding` is what the image shows, and `ignored_marks` counts what was left out of `array`, as in
    `NormalizedDigit`."""

    array: NDArray[np.uint8]
    steps: tuple[str, ...]
    finding: Finding = "digit"
    ignored_marks: int = 0


def prepare_image(
    source: Image.Image, shape: Shape, resize: Mode, digit_form: DigitForm | None = None
) -> PreparedImage:
    """Convert `source`, in mode L or RGB, to `shape` (height, width, channels), uint8 0-255.

    With `digit_form`, the digit is located and brought into that form, unless `source` has it already. Without it,
    `source` is resized as in training.
    """
    steps = _color_steps(source, shape)
    fits = source.size == (shape[1], shape[0])
    if digit_form is None:
        return PreparedImage(to_array(source, shape, resize), (*steps, *(() if fits else ("resized",))))
    pixels = _stretched_pixels(source)
    if digit_form == "filling":
        filling = find_filling(luminance(pixels), *shape[:2])
        if filling is not None:
            return PreparedImage(to_array(to_pillow(filling.image), shape, resize), (*steps, *filling.steps))
        if fits:
            return PreparedImage(to_array(Image.fromarray(pixels), shape, resize), steps)
    return _in_form(normalize(pixels), shape, resize, digit_form, steps)


def prepare_row(source: Image.Image, shape: Shape, resize: Mode, digit_form: DigitForm) -> list[PreparedImage]:
    """The digits of a row in `source`, from left to right, each as `prepare_image` prepares the only one. Empty without
    digits, or with more than a row has."""
    steps = _color_steps(source, shape)
    digits = normalize_row(_stretched_pixels(source))
    return [_in_form(digit, shape, resize, digit_form, steps) for digit in digits]


def _color_steps(source: Image.Image, shape: Shape) -> tuple[str, ...]:
    return ("grayscale",) if shape[2] == 1 and source.mode != "L" else ()


def _stretched_pixels(source: Image.Image) -> NDArray[np.uint8]:
    return stretch_range(from_pillow(source) if source.mode == "L" else np.asarray(source))


def _in_form(
    digit: NormalizedDigit, shape: Shape, resize: Mode, digit_form: DigitForm, steps: tuple[str, ...]
) -> PreparedImage:
    image = fill_height(digit.image) if digit_form == "filling" else digit.image
    array = image[..., None] if (*image.shape, 1) == shape else to_array(to_pillow(image), shape, resize)
    return PreparedImage(array, (*steps, *digit.steps), digit.finding, digit.ignored_marks)
