"""Fast decoding of small, simple PNG and JPEG images, without Pillow's parsers, which take longer than the decoding.

The pixels are decoded by Pillow's own decoders, through `frombytes`, and are thus identical to those of
`Image.open`. Only the container is parsed here, and only if it holds nothing that could change a pixel; Pillow decodes
all other images.
"""

import struct
import zlib
from functools import lru_cache
from typing import NamedTuple

from PIL import Image

# Bounds the time per image to 2 ms, reached by noise.
MAX_BYTES = 1 << 16
MAX_PIXELS = 1 << 16

_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_PNG_HEADER = struct.Struct(">IIBBBBBI")  # width, height, depth, color type, three methods, CRC
_PNG_CHUNK = struct.Struct(">I4s")
_PNG_FIRST_CHUNK = len(_PNG) + _PNG_HEADER.size
_PNG_MODES = {(8, 0, 0, 0, 0): "L", (8, 2, 0, 0, 0): "RGB"}
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"

_JPEG = b"\xff\xd8\xff"
_JPEG_SEGMENT = struct.Struct(">BBH")
_JPEG_FRAME = struct.Struct(">BHHB")  # bits, height, width, components
_JPEG_MODES = {1: "L", 3: "RGB"}
_BASELINE, _SCAN = 0xC0, 0xDA
# JFIF, quantization and Huffman tables, restart interval, comment. Not EXIF, Adobe's or any other APPn.
_JPEG_HARMLESS = frozenset({0xE0, 0xDB, 0xC4, 0xDD, 0xFE})


class PlainImage(NamedTuple):
    """Width and height in pixels, Pillow's mode (`L` or `RGB`), the name of its decoder and the encoded pixels."""

    width: int
    height: int
    mode: str
    decoder: str
    encoded: bytes

    @property
    def pixels(self) -> int:
        return self.width * self.height

    def decode(self) -> Image.Image | None:
        """Decode the pixels; None if they are corrupt or truncated, which Pillow's parser reports better."""
        arguments = (self.mode, 0) if self.decoder == "zip" else (self.mode, "")
        try:
            image = Image.new(self.mode, (self.width, self.height), None)  # zeros, without filling it
            image.frombytes(self.encoded, self.decoder, *arguments)
        except (OSError, ValueError):
            return None
        return image


@lru_cache(maxsize=1)  # a caller that asks whether an image is plain decodes it next
def plain_image(data: bytes) -> PlainImage | None:
    """Read the header of a small 8-bit PNG or baseline JPEG, grayscale or RGB, that holds only pixels.

    Returns None for any other file: with transparency, a palette, 16 bits, interlacing, animation, text, EXIF, CMYK,
    several scans, a wrong checksum, above MAX_BYTES or MAX_PIXELS, or not an image. Decodes no pixel.
    """
    if len(data) > MAX_BYTES:
        return None
    reader = _png if data.startswith(_PNG) else _jpeg
    try:
        found = reader(data)
    except struct.error:
        return None
    return found if found is not None and 0 < found.pixels <= MAX_PIXELS else None


def _png(data: bytes) -> PlainImage | None:
    width, height, *kind, checksum = _PNG_HEADER.unpack_from(data, len(_PNG))
    mode = _PNG_MODES.get(tuple(kind))
    if mode is None or zlib.crc32(data[12 : _PNG_FIRST_CHUNK - 4]) != checksum:
        return None
    pieces, at = [], _PNG_FIRST_CHUNK
    while not data.startswith(_PNG_END, at):
        length, name = _PNG_CHUNK.unpack_from(data, at)
        end = at + 8 + length
        if name != b"IDAT" or end > len(data):
            return None
        pieces.append(data[at + 8 : end])
        at = end + 4
    return PlainImage(width, height, mode, "zip", b"".join(pieces))


def _jpeg(data: bytes) -> PlainImage | None:
    # Many scans take long even in a small file. Compressed data never contains 0xFF 0xDA, so that this may count too
    # many scans, but never too few.
    if not data.startswith(_JPEG) or data.count(b"\xff\xda") != 1:
        return None
    size, at = (0, 0, ""), 2
    while True:
        marker, kind, length = _JPEG_SEGMENT.unpack_from(data, at)
        if marker != 0xFF:
            return None
        if kind == _SCAN:
            return PlainImage(*size, "jpeg", data)
        if kind == _BASELINE and not size[2]:
            bits, height, width, components = _JPEG_FRAME.unpack_from(data, at + 4)
            if bits != 8 or components not in _JPEG_MODES:
                return None
            size = width, height, _JPEG_MODES[components]
        elif kind not in _JPEG_HARMLESS:
            return None
        at += 2 + length
