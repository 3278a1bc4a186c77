"""Decoding of untrusted bytes to an 8-bit image."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageChops, UnidentifiedImageError

from imaging.container import END_OF_JPEG, JPEG, exif_orientation, is_decoded_in_one_pass, strip_container
from imaging.errors import ImageError, ImageTooLarge, UnreadableImage
from imaging.fast_decode import PlainImage, plain_image
from imaging.format_names import describe_format
from imaging.wide_colors import FindWhite, has_wide_colors, scale_to_8_bits, scale_wide_colors, white_of

FORMATS = ("PNG", "JPEG", "WEBP")
# The transpositions that undo each EXIF orientation; 1 is upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Thresholds of alpha and luminance, 0-255.
_OPAQUE, _LIGHT = 128, 160
# Begins with ones: an end of data reads as zeros.
_NO_MARKER = bytes(range(254, 0, -1)) * 4
_SIXTEEN_BIT_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I")


def decode(data: bytes, max_pixels: int, find_white: FindWhite = white_of) -> Image.Image:
    """Return the first frame, upright, in mode L or RGB.

    Transparent images are put on white, or on black if all opaque pixels are light. 16 bits are scaled to 8, from as
    many as the largest value needs, or as `find_white` says. A baseline JPEG of up to 4 times `max_pixels` is decoded
    at half its width and height. Raises UnreadableImage, or ImageTooLarge before any pixel is decoded.
    """
    if not data:
        raise UnreadableImage("the file is empty (0 bytes); send a PNG, JPEG or WebP image")
    plain = plain_image(data)
    image = None if plain is None or plain.pixels > max_pixels else decode_plain(plain, max_pixels)
    return _decode_any(data, max_pixels, find_white) if image is None else image


def decode_plain(image: PlainImage, max_pixels: int) -> Image.Image | None:
    """Decode an image whose header was read; None if its pixels are corrupt. Raises ImageTooLarge."""
    _check_size((image.width, image.height), max_pixels)
    return image.decode()


def _decode_any(data: bytes, max_pixels: int, find_white: FindWhite) -> Image.Image:
    try:
        stripped, orientation = strip_container(data)
        image = _load(stripped, max_pixels)
        if orientation is None:  # WebP's is read by Pillow
            orientation = exif_orientation(image.info.get("exif", b""))
        if has_wide_colors(stripped):
            image = scale_wide_colors(stripped, image, find_white)
        return _to_8_bits(_upright(image, orientation), find_white)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(f"the image has too many pixels: {error}") from error
    except UnidentifiedImageError as error:
        raise UnreadableImage(_describe_unsupported(data)) from error
    except ImageError:
        raise
    except Exception as error:  # Pillow's errors about corrupt files have no common base class
        raise UnreadableImage(f"the image is corrupt or truncated: {error}") from error


def _load(data: bytes, max_pixels: int) -> Image.Image:
    if data.startswith(JPEG) and END_OF_JPEG not in data:
        return _load_without_end(data, max_pixels)
    image = Image.open(BytesIO(data), formats=FORMATS)
    too_large = image.width * image.height > max_pixels
    if too_large and image.format == "JPEG" and is_decoded_in_one_pass(data):
        image.draft(image.mode, (image.width // 2, image.height // 2))
    _check_size(image.size, max_pixels)
    image.load()
    return image


def _load_without_end(data: bytes, max_pixels: int) -> Image.Image:
    """A JPEG that lacks nothing but the marker of its end: then no pixel depends on what follows."""
    data = data.rstrip(b"\xff")  # half of a marker
    image = _load(data + END_OF_JPEG, max_pixels)
    other = _load(data + _NO_MARKER + END_OF_JPEG, max_pixels)
    if ImageChops.difference(image, other).getbbox() is not None:
        raise UnreadableImage("the image is corrupt or truncated: the data ends within its pixels")
    return image


def _describe_unsupported(data: bytes) -> str:
    size = f"{len(data):,} {'byte' if len(data) == 1 else 'bytes'}"
    found = describe_format(data)
    naming = "" if found is None else f"; it is {found}: {_advice(found)}"
    return f"the file ({size}) is not an image in a supported format: {', '.join(FORMATS)}{naming}"


def _advice(found: str) -> str:
    if found.endswith(("read as text", "changed", "in front of it", "hexadecimal digits", "base64")):
        return "send the bytes of the file as they are"
    if found.startswith("text"):
        return "send the content of an image file; for curl, write @ in front of the file's name"
    return "convert it" if found.endswith(("image", "drawing")) else "send an image"


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise ImageTooLarge(
            f"the image has {width} x {height} pixels, which exceeds the limit of {max_pixels:,}; send a smaller image"
        )


def _upright(image: Image.Image, orientation: int | None) -> Image.Image:
    turn = _TURNS.get(orientation) if orientation is not None else None
    return image if turn is None else image.transpose(turn)


def _to_8_bits(image: Image.Image, find_white: FindWhite) -> Image.Image:
    if image.mode in _SIXTEEN_BIT_MODES:
        return Image.fromarray(scale_to_8_bits(np.asarray(image).clip(0, 65_535), find_white))
    if image.mode in ("LA", "PA", "RGBA", "RGBa", "La") or "transparency" in image.info:
        return _on_background(image.convert("RGBA")).convert("L" if image.mode in ("LA", "La") else "RGB")
    if image.mode in ("1", "L"):
        return image.convert("L")
    return image.convert("RGB")


def _on_background(image: Image.Image) -> Image.Image:
    """A white background would hide white strokes."""
    opaque = np.asarray(image)[..., 3] > _OPAQUE
    visible = np.asarray(image.convert("L"))[opaque]
    background = Image.new("RGBA", image.size, "black" if visible.size and visible.min() > _LIGHT else "white")
    background.alpha_composite(image)
    return background
