"""What lies around the pixels of a PNG or JPEG: bounded, and left out where it changes no pixel.

Pillow reads every chunk and segment in Python, and decompresses profiles and texts; libjpeg goes through all pixels
once for each scan. A small file with enough of them takes seconds. Here a file keeps its pixels and what they mean, and
one that has more parts than any program writes is rejected.
"""

import re
import struct
import zlib
from typing import NamedTuple

from imaging.errors import UnreadableImage

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"

# A program writes parts of some kilobytes, and a dozen small ones.
_MAX_SMALL_PARTS = 1_000
_BYTES_OF_PART = 256
# libjpeg writes 10, programs that optimize them a few more.
MAX_SCANS = 32

_CHUNK = struct.Struct(">I4s")
_CRC_BYTES = 4
_KEPT_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS"})

_MARKER = re.compile(rb"\xff[\x01-\xfe]")
# Within a scan, 0xFF before 0 is data, and 0xD0 to 0xD7 are restarts.
_END_OF_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_SOI, _EOI, _SOS, _EXIF = 0xD8, 0xD9, 0xDA, 0xE1
END_OF_JPEG = bytes((0xFF, _EOI))
_SCAN = bytes((0xFF, _SOS))
# Of sequential coding; the others are Huffman tables, an extension, and arithmetic conditioning.
_FRAMES = frozenset({0xC0, 0xC1, 0xC9})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
# JFIF and Adobe decide how colors are coded.
_DROPPED = frozenset({*range(0xE0, 0xF0), 0xFE}) - {0xE0, 0xEE}

_EXIF_HEADER = b"Exif\0\0"
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_ORIENTATION = 0x0112
_INTEGERS = {1: "B", 3: "H", 4: "I"}


class Container(NamedTuple):
    """`data` is a file with the same pixels as the one that was read. `orientation` is EXIF's, None if it has none."""

    data: bytes
    orientation: int | None


def strip_container(data: bytes) -> Container:
    """Leave out what changes no pixel; a file of another format is returned as it is. What is broken is left to the
    decoder to find. Raises UnreadableImage for a file with more scans or parts than MAX_SCANS and one for each 256
    bytes, or 1,000."""
    if data.startswith(PNG):
        return _strip_png(data)
    return _strip_jpeg(data) if data.startswith(JPEG) else Container(data, None)


def is_decoded_in_one_pass(data: bytes) -> bool:
    """Whether libjpeg keeps no coefficients of a JPEG in memory: its first scan has all components of a sequential
    frame (libjpeg `jdinput.c`, `initial_setup`). It then reads no further scan, nor images behind the first."""
    components, at = 0, 2
    while (found := _MARKER.search(data, at)) is not None:
        start, marker = found.start(), data[found.start() + 1]
        if marker == _SOS:
            return data[start + 4 : start + 5] == bytes((components,))
        if marker in _FRAMES:
            components = int.from_bytes(data[start + 9 : start + 10])
        at = _end_of_segment(data, start, marker)
    return False


def exif_orientation(exif: bytes) -> int | None:
    """From the first directory, as EXIF 2.3 writes it (4.6.4 A); None if it has none, or is corrupt."""
    tiff = exif.removeprefix(_EXIF_HEADER)
    if (order := _ORDERS.get(tiff[:4])) is None:
        return None
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * entries, 12):
            tag, kind = struct.unpack_from(f"{order}HH", tiff, at)
            if tag == _ORIENTATION:
                found: tuple[int] = struct.unpack_from(order + _INTEGERS[kind], tiff, at + 8)
                return found[0]
    except (struct.error, KeyError):
        pass
    return None


class _Parts:
    """Counts the parts of a file, and raises UnreadableImage for too many."""

    def __init__(self, name: str, file_bytes: int) -> None:
        self._name = name
        self._left = self._most = max(_MAX_SMALL_PARTS, file_bytes // _BYTES_OF_PART)

    def count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise UnreadableImage(
                f"the image has more than {self._most:,} {self._name}; save it again by another program"
            )


def _strip_png(data: bytes) -> Container:
    kept, pixels, orientation = [PNG], [], None
    parts, at = _Parts("chunks", len(data)), len(PNG)
    while at + _CHUNK.size <= len(data):
        parts.count()
        length, name = _CHUNK.unpack_from(data, at)
        content = at + _CHUNK.size
        end = content + length
        if name == b"IDAT":
            pixels.append(data[content:end])
        elif name in _KEPT_CHUNKS:
            kept.append(data[at : end + _CRC_BYTES])
        elif name == b"eXIf" and orientation is None:
            orientation = exif_orientation(data[content:end])
        elif name == b"IEND":
            break
        at = end + _CRC_BYTES
    kept += [_png_chunk(b"IDAT", b"".join(pixels)), _png_chunk(b"IEND", b"")]
    return Container(b"".join(kept), orientation)


def _png_chunk(name: bytes, content: bytes) -> bytes:
    body = name + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def _strip_jpeg(data: bytes) -> Container:
    kept, orientation = [data[:2]], None
    parts, at = _Parts("segments", len(data)), 2
    while (found := _MARKER.search(data, at)) is not None:
        parts.count()
        start, marker = found.start(), data[found.start() + 1]
        if marker == _SOS:
            _check_scans(data, start, parts)
            return Container(b"".join((*kept, data[start:])), orientation)
        at = _end_of_segment(data, start, marker)
        if marker == _EXIF and orientation is None and data.startswith(_EXIF_HEADER, start + 4):
            orientation = exif_orientation(data[start + 4 : at])
        if marker not in _DROPPED:
            kept.append(data[start:at])
    return Container(b"".join(kept), orientation)


def _check_scans(data: bytes, at: int, parts: _Parts) -> None:
    """Count the scans from the first one on, at `at`. They cannot be more than their markers, which bytes behind the
    image may resemble."""
    if data.count(_SCAN, at) <= MAX_SCANS:
        return
    scans = 1
    at = _end_of_segment(data, at, _SOS)
    while (found := _END_OF_SCAN.search(data, at)) is not None and data[found.start() + 1] != _EOI:
        parts.count()
        scans += data[found.start() + 1] == _SOS
        if scans > MAX_SCANS:
            raise UnreadableImage(f"the image has more than {MAX_SCANS} scans; save it again by another program")
        at = _end_of_segment(data, found.start(), data[found.start() + 1])


def _end_of_segment(data: bytes, start: int, marker: int) -> int:
    """Where the segment ends whose marker is at `start`."""
    length = 0 if marker in _WITHOUT_LENGTH else int.from_bytes(data[start + 2 : start + 4])
    return start + 2 + length
