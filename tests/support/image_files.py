"""Image files, made in memory."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def encoded(image: Image.Image, format_name: str = "PNG", **options: Any) -> bytes:
    """`options` are Pillow's for the format."""
    file = BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_file(width: int, height: int, depth: int, color_type: int, *data: bytes) -> bytes:
    """A PNG of `depth` bits for each channel, with a chunk for each piece of the compressed `data`. `color_type`: 0 for
    grayscale, 2 for RGB, 3 for a palette; with alpha 4 and 6."""
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    chunks = [(b"IHDR", header), *((b"IDAT", piece) for piece in data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)
