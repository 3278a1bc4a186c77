"""From a decoded source to what a network sees of it, and what was done on the way."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.digits.normalize import filling, normalized
from imaging.digits.pixels import from_pillow, to_pillow
from imaging.resize import Mode, Shape, to_array

# How a dataset shows digits, light on black: in the middle of the source, or over all of its height.
DigitForm = Literal["centred", "filling"]


class Prepared(NamedTuple):
    """`array` is (height, width, channels), uint8. `steps` says in order what was done. `may_be_digit` is False where
    a network of digits was sent what is none."""

    array: NDArray[np.uint8]
    steps: tuple[str, ...]
    may_be_digit: bool = True


def prepared(source: Image.Image, shape: Shape, resize: Mode, digit_form: DigitForm | None = None) -> Prepared:
    """Bring `source`, in mode L or RGB, to `shape`: for a network that knows digits in `digit_form` by finding the
    digit, for others as training did. One that has the form already is not changed."""
    steps = ("grayscale",) if shape[2] == 1 and source.mode != "L" else ()
    fits = source.size == (shape[1], shape[0])
    if digit_form is None or (digit_form == "filling" and fits):
        return Prepared(to_array(source, shape, resize), (*steps, *(() if fits else ("resized",))))
    image, digit_steps, may_be_digit = normalized(from_pillow(source) if source.mode == "L" else np.asarray(source))
    if digit_form == "filling":
        image = filling(image)
    array = image[..., None] if (*image.shape, 1) == shape else to_array(to_pillow(image), shape, resize)
    return Prepared(array, (*steps, *digit_steps), may_be_digit)
