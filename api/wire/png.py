"""Responses that consist of a PNG image."""

from fastapi import Response
from PIL import Image

from imaging.png import encode_png


def png(image: Image.Image) -> Response:
    return Response(encode_png(image), media_type="image/png", headers={"X-Content-Type-Options": "nosniff"})
