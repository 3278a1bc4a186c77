"""Small images of the simplest kind, decoded without Pillow's parsers, which take longer than the decoding.

Pillow's own decoders read the pixels here too, through `Image.frombytes`, so that they cannot differ from what
`Image.open` makes of the same bytes. What is read here instead is the container, and only where it holds nothing that
could change a pixel: all else is left to Pillow.
"""

import struct
import zlib
from typing import NamedTuple

from PIL import Image

# Bounds the time that an image takes, whatever is in it: 2 ms at most, where all of it is noise.
MAX_BYTES = 1 << 16
MAX_PIXELS = 1 << 16

_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_PNG_HEADER = struct.Struct(">IIBBBBBI")  # width, height, depth, colour type, three methods, CRC
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
    """Width and height in pixels, Pillow's mode (`L` or `RGB`), and what its decoder of that name is given."""

    width: int
    height: int
    mode: str
    decoder: str
    encoded: bytes

    @property
    def pixels(self) -> int:
        return self.width * self.height

    def decode(self) -> Image.Image | None:
        """None if the pixels are broken or cut short: Pillow knows what to say of it."""
        arguments = (self.mode, 0) if self.decoder == "zip" else (self.mode, "")
        try:
            return Image.frombytes(self.mode, (self.width, self.height), self.encoded, self.decoder, *arguments)
        except (OSError, ValueError):
            return None


def plain_image(data: bytes) -> PlainImage | None:
    """Read the header of a small 8-bit PNG or baseline JPEG, gray or coloured, that holds nothing but its pixels.

    None for any other: with transparency, a palette, 16 bits, interlace, animation, text, EXIF, CMYK, several scans,
    a wrong checksum, over MAX_BYTES or MAX_PIXELS, not an image at all. No pixel is decoded.
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
    # A file of many scans takes long however small it is. In compressed data 0xFF never precedes 0xDA, so that this
    # may count too many, but never too few.
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
