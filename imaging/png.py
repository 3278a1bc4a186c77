"""Encoding of images as PNG."""

import base64
from io import BytesIO
from typing import Any

from numpy.typing import NDArray
from PIL import Image


def to_image(pixels: NDArray[Any]) -> Image.Image:
    """Convert uint8, (height, width, 1 or 3), to an image in mode L or RGB."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def encode_png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def png_data_url(image: Image.Image) -> str:
    return f"data:image/png;base64,{base64.b64encode(encode_png(image)).decode()}"
