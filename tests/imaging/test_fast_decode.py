"""Images that are decoded without Pillow's parsers: which ones, and that their pixels equal Pillow's."""

import random
import struct
import warnings
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, PngImagePlugin

from imaging import decode as decode_module
from imaging import fast_decode
from imaging.decode import decode
from imaging.errors import ImageError, ImageTooLarge
from imaging.fast_decode import plain_image
from tests.support.examples import examples
from tests.support.image_files import encoded, png_chunk, png_file

MAX_PIXELS = 1_000_000


def drawn(seed: int, width: int, height: int, mode: str) -> Image.Image:
    """Smooth in one half and noisy in the other, so that a PNG uses several filters."""
    shape = (height, width) if mode == "L" else (height, width, 3)
    noise = np.random.default_rng(seed).integers(0, 256, shape)
    smooth = np.add.outer(np.arange(height) * 3, np.arange(width) * 5)
    smooth = smooth if mode == "L" else smooth[..., None] + np.array([0, 40, 90])
    noisy = np.arange(width) < width // 2
    mixed = np.where(noisy if mode == "L" else noisy[:, None], noise, smooth)
    return Image.fromarray((mixed % 256).astype(np.uint8))


def by_pillow(data: bytes, monkeypatch: pytest.MonkeyPatch) -> str | tuple[str, tuple[int, int], bytes]:
    with monkeypatch.context() as patched:
        patched.setattr(decode_module, "plain_image", lambda _: None)
        return outcome(data)


def outcome(data: bytes) -> str | tuple[str, tuple[int, int], bytes]:
    """Mode, size and pixels, or what is wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = decode(data, MAX_PIXELS)
    except ImageError as error:
        return f"{type(error).__name__}: {error}"
    return image.mode, image.size, image.tobytes()


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", [(1, 1), (28, 28), (3, 200), (256, 256)])
def test_plain_png_equals_pillow(mode: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    image = drawn(1, *size, mode)
    for options in ({}, {"compress_level": 0}, {"optimize": True}, {"compress_level": 1}):
        assert_png_equals_pillow(image, options, monkeypatch)


def assert_png_equals_pillow(image: Image.Image, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(image, "PNG", **options)
    if len(data) > fast_decode.MAX_BYTES:
        assert plain_image(data) is None
        return
    found = plain_image(data)
    assert found is not None
    assert (found.mode, (found.width, found.height)) == (image.mode, image.size)
    assert outcome(data) == by_pillow(data, monkeypatch) == (image.mode, image.size, image.tobytes())


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("quality", [5, 75, 100])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_plain_jpeg_equals_pillow(mode: str, quality: int, subsampling: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(drawn(2, 45, 31, mode), "JPEG", quality=quality, subsampling=subsampling, comment=b"hello")
    found = plain_image(data)
    assert found is not None
    assert (found.mode, found.width, found.height) == (mode, 45, 31)
    assert outcome(data) == by_pillow(data, monkeypatch)


def gray_png(rows: bytes, pieces: int) -> bytes:
    """8 x 8 pixels, whose data comes in so many chunks."""
    packed = zlib.compress(rows)
    cuts = [packed[n * len(packed) // pieces : (n + 1) * len(packed) // pieces] for n in range(pieces)]
    return png_file(8, 8, 8, 0, *cuts)


@pytest.mark.parametrize("filtered", range(5))
@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_png_filters_and_split_data_equal_pillow(filtered: int, pieces: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b"".join(bytes([filtered, *range(row, row + 8)]) for row in range(8))
    data = gray_png(rows, pieces) + b"what follows is ignored"
    assert plain_image(data) is not None
    assert outcome(data) == by_pillow(data, monkeypatch)


def with_text(key: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text(key, "words")
    return info


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    return exif


GRAY, COLORED = drawn(3, 8, 8, "L"), drawn(3, 8, 8, "RGB")


@pytest.mark.parametrize(
    "data",
    [
        encoded(GRAY, transparency=7),
        encoded(COLORED, transparency=(1, 2, 3)),
        encoded(COLORED.quantize(8)),
        encoded(COLORED.convert("RGBA")),
        encoded(GRAY.convert("LA")),
        encoded(GRAY.convert("1")),
        encoded(Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8))),
        encoded(GRAY, save_all=True, append_images=[GRAY.transpose(Image.Transpose.ROTATE_90)]),
        encoded(GRAY, exif=turned()),
        encoded(GRAY, pnginfo=with_text("Comment")),
        encoded(GRAY, dpi=(72, 72)),
        encoded(COLORED, "JPEG", exif=turned()),
        encoded(COLORED, "JPEG", progressive=True),
        encoded(COLORED, "JPEG", icc_profile=b"profile"),
        encoded(COLORED.convert("CMYK"), "JPEG"),
        encoded(COLORED, "WEBP"),
        encoded(COLORED, "GIF"),
        encoded(Image.new("L", (257, 256))),
        png_file(30_000, 30_000, 8, 0, zlib.compress(bytes(64))),
        b"",
        b"words",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
    ],
)
def test_other_images_are_left_to_pillow(data: bytes) -> None:
    assert plain_image(data) is None


def test_interlaced_or_corrupt_png_is_left_to_pillow() -> None:
    sound = gray_png(bytes(72), 1)
    assert plain_image(sound) is not None
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1)
    assert plain_image(sound[:8] + png_chunk(b"IHDR", header) + sound[33:]) is None
    assert plain_image(sound[:29] + b"\0\0\0\0" + sound[33:]) is None


def test_jpeg_with_many_scans_is_left_to_pillow() -> None:
    # However small it is, each scan goes over the whole image.
    sound = encoded(GRAY, "JPEG")
    scan = sound[sound.index(b"\xff\xda") : -2]
    assert plain_image(sound) is not None
    assert plain_image(sound[:-2] + scan * 100 + b"\xff\xd9") is None


def test_pixel_limit_is_exact() -> None:
    data = encoded(GRAY)
    assert decode(data, 64).size == (8, 8)
    with pytest.raises(ImageTooLarge, match="8 x 8 pixels, which exceeds the limit of 63"):
        decode(data, 63)


@pytest.mark.parametrize(
    "sound",
    [encoded(GRAY), encoded(COLORED), gray_png(bytes(72), 3), encoded(GRAY, "JPEG"), encoded(COLORED, "JPEG")],
    ids=["png", "colored-png", "png-in-pieces", "jpeg", "colored-jpeg"],
)
def test_damaged_bytes_equal_pillow(sound: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(11)
    plainly = 0
    for _ in range(400):
        damaged = bytearray(sound)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        data = bytes(damaged[: chance.randint(len(damaged) // 2, 2 * len(damaged))])
        plainly += plain_image(data) is not None
        assert outcome(data) == by_pillow(data, monkeypatch), data.hex()
    assert plainly > 20


@settings(max_examples=examples(200), deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from([b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff\xc0", b"\xff\xd8\xff"])
)
def test_any_bytes_give_plain_image_or_none(data: bytes, beginning: bytes) -> None:
    found = plain_image(beginning + data)
    assert found is None or 0 < found.pixels <= fast_decode.MAX_PIXELS
