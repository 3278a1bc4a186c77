"""Images that the hand-made network of the digits knows."""

import base64

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.support.image_files import encoded


def pixels(*bright: int) -> NDArray[np.uint8]:
    """(n, 8, 8, 1): in each image only one of the first pixels is white, which is its class."""
    images = np.zeros((len(bright), 64), dtype=np.uint8)
    images[np.arange(len(bright)), bright] = 255
    return images.reshape(-1, 8, 8, 1)


def png(bright: int) -> bytes:
    return encoded(Image.fromarray(pixels(bright)[0, :, :, 0]))


def b64(bright: int) -> dict[str, str]:
    return {"b64": base64.b64encode(png(bright)).decode()}
