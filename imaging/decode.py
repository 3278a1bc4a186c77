"""From bytes that anybody may have sent to an image of 8-bit pixels."""

import struct
from io import BytesIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from imaging.errors import ImageTooLarge, UnreadableImage
from imaging.fast_decode import PlainImage, plain_image

FORMATS = ("PNG", "JPEG", "WEBP")
# What undoes each orientation that EXIF knows; 1 is upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Of 255: more opaque, and more light, than this.
_OPAQUE, _LIGHT = 128, 160
_SIXTEEN_BIT_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I")


def decode(data: bytes, max_pixels: int) -> Image.Image:
    """Return the first frame, turned upright, in mode L or RGB; what is transparent lies on white,
    or on black where all that is drawn is light itself.

    16-bit gray is scaled by its range. Raises UnreadableImage, or ImageTooLarge before any pixel is decoded.
    """
    if not data:
        raise UnreadableImage("the file is empty (0 bytes); send a PNG, JPEG or WebP image")
    plain = plain_image(data)
    image = None if plain is None else decode_plain(plain, max_pixels)
    return _decode_any(data, max_pixels) if image is None else image


def decode_plain(image: PlainImage, max_pixels: int) -> Image.Image | None:
    """The same for one whose header was read; None if its pixels are broken. Raises ImageTooLarge."""
    _check_size((image.width, image.height), max_pixels)
    return image.decode()


def _decode_any(data: bytes, max_pixels: int) -> Image.Image:
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
        _check_size(image.size, max_pixels)
        image.load()
        return _plain(_upright(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(f"the image has too many pixels: {error}") from error
    except UnidentifiedImageError as error:
        raise UnreadableImage(
            f"these {len(data)} bytes are no image in a format that is read here ({', '.join(FORMATS)})"
        ) from error
    except ImageTooLarge:
        raise
    except Exception as error:  # what Pillow raises of a broken file has no common base, and no list that is complete
        raise UnreadableImage(f"the image is broken or cut short: {error}") from error


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise ImageTooLarge(
            f"the image has {width} x {height} pixels, more than the {max_pixels:,} that are read; make it smaller"
        )


def _upright(image: Image.Image) -> Image.Image:
    """Turn by the orientation alone: ImageOps.exif_transpose reads and writes all of EXIF, and what a camera wrote
    there need not parse. EXIF that does not says nothing."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except (SyntaxError, ValueError, TypeError, struct.error, UserWarning):
        return image
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _plain(image: Image.Image) -> Image.Image:
    if image.mode in _SIXTEEN_BIT_MODES:
        wide = np.asarray(image, dtype=np.uint32)
        return Image.fromarray((wide // 257).clip(0, 255).astype(np.uint8))
    if image.mode in ("LA", "PA", "RGBA", "RGBa", "La") or "transparency" in image.info:
        return _on_paper(image.convert("RGBA")).convert("L" if image.mode in ("LA", "La") else "RGB")
    if image.mode in ("1", "L"):
        return image.convert("L")
    return image.convert("RGB")


def _on_paper(image: Image.Image) -> Image.Image:
    """White ink on nothing would be lost on white paper."""
    opaque = np.asarray(image)[..., 3] > _OPAQUE
    drawn = np.asarray(image.convert("L"))[opaque]
    paper = Image.new("RGBA", image.size, "black" if drawn.size and drawn.min() > _LIGHT else "white")
    paper.alpha_composite(image)
    return paper
