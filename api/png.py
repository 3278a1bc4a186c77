"""Pictures as PNG, and answers that consist of one."""

from io import BytesIO
from typing import Any

from fastapi import Response
from PIL import Image

PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}}}


def as_png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def png(picture: Image.Image) -> Response:
    return Response(as_png(picture), media_type="image/png", headers={"X-Content-Type-Options": "nosniff"})
