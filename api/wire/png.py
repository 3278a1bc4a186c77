"""Images as PNG, and answers that consist of one."""

from io import BytesIO
from typing import Any

from fastapi import Response
from numpy.typing import NDArray
from PIL import Image


def image_of(sample: NDArray[Any]) -> Image.Image:
    """Of (height, width, channels), uint8, one channel or three."""
    return Image.fromarray(sample[..., 0] if sample.shape[2] == 1 else sample)


def as_png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def png(image: Image.Image) -> Response:
    return Response(as_png(image), media_type="image/png", headers={"X-Content-Type-Options": "nosniff"})
