"""From bytes that anybody may have sent to a picture of 8-bit pixels."""

import struct
from io import BytesIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from imaging.errors import PictureTooLarge, UnreadablePicture
from imaging.fast_decode import PlainPicture, plain_picture

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

    16-bit grey is scaled by its range. Raises UnreadablePicture, or PictureTooLarge before any pixel is decoded.
    """
    if not data:
        raise UnreadablePicture("the file is empty (0 bytes); send a PNG, JPEG or WebP picture")
    plain = plain_picture(data)
    picture = None if plain is None else decode_plain(plain, max_pixels)
    return _decode_any(data, max_pixels) if picture is None else picture


def decode_plain(picture: PlainPicture, max_pixels: int) -> Image.Image | None:
    """The same for one whose header was read; None if its pixels are broken. Raises PictureTooLarge."""
    _check_size((picture.width, picture.height), max_pixels)
    return picture.decode()


def _decode_any(data: bytes, max_pixels: int) -> Image.Image:
    try:
        picture = Image.open(BytesIO(data), formats=FORMATS)
        _check_size(picture.size, max_pixels)
        picture.load()
        return _plain(_upright(picture))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooLarge(f"the picture has too many pixels: {error}") from error
    except UnidentifiedImageError as error:
        raise UnreadablePicture(
            f"these {len(data)} bytes are no picture in a format that is read here ({', '.join(FORMATS)})"
        ) from error
    except PictureTooLarge:
        raise
    except Exception as error:  # what Pillow raises of a broken file has no common base, and no list that is complete
        raise UnreadablePicture(f"the picture is broken or cut short: {error}") from error


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise PictureTooLarge(
            f"the picture has {width} x {height} pixels, more than the {max_pixels:,} that are read; make it smaller"
        )


def _upright(picture: Image.Image) -> Image.Image:
    """Turn by the orientation alone: ImageOps.exif_transpose reads and writes all of EXIF, and what a camera wrote
    there need not parse. EXIF that does not says nothing."""
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    except (SyntaxError, ValueError, TypeError, struct.error, UserWarning):
        return picture
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return picture if turn is None else picture.transpose(turn)


def _plain(picture: Image.Image) -> Image.Image:
    if picture.mode in _SIXTEEN_BIT_MODES:
        wide = np.asarray(picture, dtype=np.uint32)
        return Image.fromarray((wide // 257).clip(0, 255).astype(np.uint8))
    if picture.mode in ("LA", "PA", "RGBA", "RGBa", "La") or "transparency" in picture.info:
        return _on_paper(picture.convert("RGBA")).convert("L" if picture.mode in ("LA", "La") else "RGB")
    if picture.mode in ("1", "L"):
        return picture.convert("L")
    return picture.convert("RGB")


def _on_paper(picture: Image.Image) -> Image.Image:
    """White ink on nothing would be lost on white paper."""
    opaque = np.asarray(picture)[..., 3] > _OPAQUE
    drawn = np.asarray(picture.convert("L"))[opaque]
    paper = Image.new("RGBA", picture.size, "black" if drawn.size and drawn.min() > _LIGHT else "white")
    paper.alpha_composite(picture)
    return paper
