"""Images as files to send: from paths, bytes, file objects, arrays and PIL images."""

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Protocol, runtime_checkable

from trainyard.errors import UsageError

_PNG_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
# Those that lose no more than the service would drop; all others become RGB.
_CONVERTED = {"La": "LA", "PA": "RGBA", "RGBa": "RGBA"}
_WIDE_MODES, _WHITE = ("I", "I;16", "I;16B", "I;16L", "I;16N"), 65_535
_CONVERT = "scale its values to 0 to 255 and convert it to mode L or RGB"
_SEVERAL = "several images are separate arguments, as in predict(*images)"


@runtime_checkable
class PilImage(Protocol):
    """A `PIL.Image.Image`."""

    @property
    def mode(self) -> str: ...
    @property
    def info(self) -> dict[Any, Any]: ...
    def getextrema(self) -> Any: ...
    def convert(self, mode: str) -> Any: ...
    def save(self, fp: Any, format: str, **options: Any) -> None: ...  # noqa: A002 - PIL's name


@runtime_checkable
class Array(Protocol):
    """A `numpy.ndarray`, or what has its interface. Sent as an image: uint8, height x width or x channels (1 to 4)."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> Any: ...
    def tobytes(self) -> bytes: ...


Image = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | PilImage | Array


def read_image(image: Image, number: int) -> tuple[str, bytes]:
    """File name and content. An image without a name is `image-<number>`. Raises UsageError, or OSError."""
    unnamed = f"image-{number}"
    if isinstance(image, str | os.PathLike):
        path = Path(image)
        return path.name, path.read_bytes()
    if isinstance(image, bytes | bytearray | memoryview):
        return unnamed, bytes(image)
    if isinstance(image, PilImage):
        return f"{unnamed}.png", _save_png(image)
    if isinstance(image, Array):
        return f"{unnamed}.png", encode_png(image)
    content = image.read() if hasattr(image, "read") else None
    if not isinstance(content, bytes):
        raise UsageError(
            f"cannot send a {type(image).__name__} as an image: expected a path, bytes, a file opened in binary mode, "
            f"a uint8 array or a PIL image; {_SEVERAL}"
        )
    name = getattr(image, "name", None)
    return Path(name).name if isinstance(name, str) else unnamed, content


def _save_png(image: PilImage) -> bytes:
    """With the pixels that the image's own file has. Raises UsageError."""
    file = io.BytesIO()
    try:
        _as_png_mode(image).save(file, format="PNG", **_orientation(image))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot send a PIL image of mode {image.mode}: {error}; {_CONVERT}") from error
    return file.getvalue()


def _as_png_mode(image: PilImage) -> Any:
    if image.mode in _PNG_MODES:
        return image
    if image.mode in _WIDE_MODES:
        # PIL clips at 255 where it converts these to RGB.
        wide = image.convert("I")
        low, high = wide.getextrema() or (0, 0)
        if low < 0 or high > _WHITE:
            raise UsageError(
                f"cannot send a PIL image of mode {image.mode} with values from {low:,} to {high:,}: expected 0 to "
                f"255, or up to {_WHITE:,}; {_CONVERT}"
            )
        return wide.convert("I;16")
    if image.mode == "F":
        raise UsageError(f"cannot send a PIL image of mode F, whose white is unknown; {_CONVERT}")
    return image.convert(_CONVERTED.get(image.mode, "RGB"))


def _orientation(image: PilImage) -> dict[str, bytes]:
    """What PIL has read but not applied: of an image as it was opened. Others have no format."""
    exif = image.info.get("exif")
    return {"exif": exif} if isinstance(exif, bytes) and getattr(image, "format", None) else {}


def encode_png(array: Array) -> bytes:
    """The PNG of a uint8 array, height x width or height x width x channels. Raises UsageError."""
    shape = array.shape if len(array.shape) == 3 else (*array.shape, 1)
    if str(array.dtype) != "uint8" or len(shape) != 3 or shape[2] not in _PNG_COLOR_TYPES or 0 in shape:
        raise UsageError(
            f"cannot send an array of shape {tuple(array.shape)} and dtype {array.dtype} as an image: expected uint8 "
            "from 0 to 255, of shape (height, width) or (height, width, channels) with 1 to 4 channels; "
            f"{_SEVERAL}"
        )
    height, width, channels = shape
    data, stride = array.tobytes(), width * channels
    rows = b"".join(b"\0" + data[start : start + stride] for start in range(0, len(data), stride))
    header = struct.pack(">IIBBBBB", width, height, 8, _PNG_COLOR_TYPES[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
