"""From a picture to the array that a network sees: the same for training and for prediction."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def to_array(picture: Image.Image, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return (height, width, channels), uint8 0-255, for `shape`; a picture that has that size is not changed.

    The picture is stretched to the size: by area means when it shrinks, linearly when it grows.
    """
    height, width, channels = shape
    plain = picture.convert("L" if channels == 1 else "RGB")
    if plain.size != (width, height):
        shrinks = plain.width >= width and plain.height >= height
        plain = plain.resize((width, height), Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR)
    return np.asarray(plain, dtype=np.uint8).reshape(height, width, channels)
