import logging
import random
import struct
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image

from imaging.decode import FORMATS, decode
from imaging.errors import ImageError, ImageTooLarge, UnreadableImage
from imaging.wide_colors import fixed_white
from tests.support.image_files import encoded, png_chunk, png_file

MAX_PIXELS = 1_000_000


def decoded(data: bytes) -> Image.Image:
    return decode(data, MAX_PIXELS)


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image)


def colorful(width: int = 6, height: int = 4) -> Image.Image:
    values = np.arange(width * height * 3, dtype=np.uint8).reshape(height, width, 3) * 3
    return Image.fromarray(values)


@pytest.mark.parametrize("options", [{"format_name": "PNG"}, {"format_name": "WEBP", "lossless": True}])
def test_colors_are_preserved(options: dict[str, Any]) -> None:
    image = decoded(encoded(colorful(), **options))
    assert image.mode == "RGB"
    assert np.array_equal(pixels(image), pixels(colorful()))


def test_grayscale_stays_one_channel() -> None:
    gray = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6))
    image = decoded(encoded(gray))
    assert image.mode == "L"
    assert np.array_equal(pixels(image), pixels(gray))


def test_one_bit_image_becomes_black_and_white() -> None:
    image = decoded(encoded(Image.fromarray(np.array([[True, False], [False, True]]))))
    assert image.mode == "L"
    assert pixels(image).tolist() == [[255, 0], [0, 255]]


def test_palette_is_resolved() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putdata([1, 0])
    image = decoded(encoded(palette))
    assert pixels(image).tolist() == [[[200, 100, 50], [10, 20, 30]]]


def test_transparent_palette_entry_becomes_white() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putdata([1, 0])
    image = decoded(encoded(palette, transparency=0))
    assert pixels(image).tolist() == [[[200, 100, 50], [255, 255, 255]]]


def test_transparent_color_becomes_white() -> None:
    image = Image.new("RGB", (2, 1), (9, 8, 7))
    image.putpixel((1, 0), (50, 60, 70))
    assert pixels(decoded(encoded(image, transparency=(9, 8, 7)))).tolist() == [[[255, 255, 255], [50, 60, 70]]]


def test_alpha_is_composited_on_white() -> None:
    image = Image.new("RGBA", (3, 1))
    for x, color in enumerate([(255, 0, 0, 255), (255, 0, 0, 0), (0, 0, 0, 51)]):
        image.putpixel((x, 0), color)
    assert pixels(decoded(encoded(image))).tolist() == [[[255, 0, 0], [255, 255, 255], [204, 204, 204]]]


def test_grayscale_with_alpha_stays_grayscale() -> None:
    image = Image.new("LA", (2, 1))
    image.putpixel((0, 0), (100, 255))
    image.putpixel((1, 0), (100, 0))
    decoded_image = decoded(encoded(image))
    assert decoded_image.mode == "L"
    assert pixels(decoded_image).tolist() == [[100, 255]]


def test_sixteen_bit_grayscale_is_scaled() -> None:
    wide = np.array([[0, 255, 256, 32896, 65279, 65535]], dtype=np.uint16)
    image = decoded(encoded(Image.fromarray(wide)))
    assert image.mode == "L"
    assert pixels(image).tolist() == [[0, 0, 0, 128, 254, 255]]


def test_cmyk_jpeg_keeps_colors() -> None:
    image = decoded(encoded(Image.new("RGB", (16, 16), (200, 30, 60)).convert("CMYK"), "JPEG", quality=100))
    assert image.mode == "RGB"
    assert np.abs(pixels(image).astype(int) - (200, 30, 60)).max() <= 3


@pytest.mark.parametrize("format_name", ["PNG", "WEBP", "JPEG"])
def test_every_exif_orientation_is_turned_upright(format_name: str) -> None:
    upright = Image.new("RGB", (48, 32), "white")
    upright.paste((255, 0, 0), (0, 0, 16, 16))
    upright.paste((0, 0, 255), (32, 16, 48, 32))
    # How a camera in each orientation of the EXIF standard stores the image.
    stored: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }
    quality = {"lossless": True} if format_name == "WEBP" else {"quality": 100, "subsampling": 0}
    for orientation, transpose in stored.items():
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        camera = Image.fromarray(np.ascontiguousarray(transpose(pixels(upright))))
        image = decoded(encoded(camera, format_name, exif=exif, **quality))
        assert image.size == upright.size, orientation
        assert np.abs(pixels(image).astype(int) - pixels(upright)).max() <= 4, orientation


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_unknown_orientation_is_ignored(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    assert np.array_equal(pixels(decoded(encoded(colorful(), exif=exif))), pixels(colorful()))


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0garbage",
        b"II*\0\x08\0\0\0\xff\xff",
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x04six\0",
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x0a\0\0\0\x02\xff\xff\xff\xff",
    ],
    ids=["no-tiff", "cut-short", "text-orientation", "offset-outside"],
)
def test_corrupt_exif_is_ignored(format_name: str, exif: bytes) -> None:
    assert decoded(encoded(colorful(), format_name, exif=exif)).size == colorful().size


@pytest.mark.parametrize("format_name", ["PNG", "WEBP"])
def test_first_frame_of_animation_is_used(format_name: str) -> None:
    red, blue = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    animation = encoded(red, format_name, save_all=True, append_images=[blue], lossless=True, duration=100)
    image = decoded(animation)
    assert getattr(Image.open(BytesIO(animation)), "n_frames", 1) == 2
    assert image.getpixel((4, 4)) == (255, 0, 0)


def test_trailing_bytes_are_ignored() -> None:
    assert decoded(encoded(colorful()) + b"PK\x03\x04" + bytes(100)).size == (6, 4)


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_truncated_image_is_unreadable(format_name: str, kept: float) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    data = encoded(noise, format_name)
    with pytest.raises(UnreadableImage):
        decoded(data[: int(len(data) * kept)])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"these are words, called image.png",
        b'<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>',
        encoded(colorful(), "GIF"),
        encoded(colorful(), "BMP"),
        encoded(colorful(), "TIFF"),
        png_file(0, 0, 8, 0, zlib.compress(b"")),
        png_file(0, 5, 8, 2, zlib.compress(b"")),
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
    ],
    ids=["empty", "text", "svg", "gif", "bmp", "tiff", "0x0", "0x5", "png-signature", "jpeg-signature"],
)
def test_unsupported_format_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableImage):
        decoded(data)


def test_rejection_names_size_and_formats() -> None:
    with pytest.raises(UnreadableImage, match=r"33 bytes\) is not an image in a supported format: PNG, JPEG, WEBP"):
        decoded(b"these are words, called image.png")


def test_rejection_names_format_despite_suffix() -> None:
    with pytest.raises(UnreadableImage, match="WEBP; it is a HEIC image: convert it"):
        decoded(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    with pytest.raises(UnreadableImage, match=r'it is text, "four.png": send the content of an image file; for curl'):
        decoded(b"four.png")
    with pytest.raises(UnreadableImage, match="it is a zip archive: send an image"):
        decoded(b"PK\3\4" + bytes(40))


@pytest.mark.parametrize("side", [2_000, 12_000, 30_000])
def test_pixel_bomb_is_rejected_before_decoding(side: int) -> None:
    # The pixels themselves are missing: reading any of them would make it unreadable instead.
    with pytest.raises(ImageTooLarge, match="pixels"):
        decoded(png_file(side, side, 1, 0, zlib.compress(b"")))


def test_pixel_limit_is_exact() -> None:
    data = encoded(colorful(6, 4))
    assert decode(data, 24).size == (6, 4)
    with pytest.raises(ImageTooLarge, match=r"6 x 4 pixels, which exceeds the limit of 23"):
        decode(data, 23)


def test_very_long_image_is_decoded() -> None:
    assert decoded(encoded(Image.new("L", (1, 65_500)))).size == (1, 65_500)


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
@pytest.mark.parametrize("format_name", FORMATS)
def test_damaged_bytes_decode_or_raise_image_error(format_name: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    sound, chance = encoded(colorful(), format_name, exif=exif), random.Random(7)
    rejected = 0
    for _ in range(300):
        damaged = bytearray(sound)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            assert decoded(bytes(damaged)).mode in {"L", "RGB"}
        except ImageError:
            rejected += 1
    assert rejected > 0


def test_invalid_transparency_is_unreadable() -> None:
    sound = encoded(Image.new("P", (9, 7), 3))
    place = sound.index(b"IDAT") - 4
    with pytest.raises(UnreadableImage, match="corrupt"):
        decoded(sound[:place] + png_chunk(b"tRNS", bytes(257)) + sound[place:])


def test_invalid_profile_changes_nothing() -> None:
    sound = encoded(Image.new("L", (9, 7), 3))
    place = sound.index(b"IEND") - 4
    assert decoded(sound[:place] + png_chunk(b"iCCP", b"") + sound[place:]).tobytes() == decoded(sound).tobytes()


def camera_jpeg(size: tuple[int, int], **options: Any) -> bytes:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, (200, 0, 0))
    image.paste((0, 0, 200), (size[0] // 2, 0, *size))
    return encoded(image, "JPEG", **options)


@pytest.mark.parametrize("size", [(600, 400), (601, 399), (400, 600)])
def test_jpeg_above_the_limit_is_decoded_at_half_size(size: tuple[int, int]) -> None:
    width, height = size
    limit = 61_000

    image = decode(camera_jpeg(size), limit)

    assert image.size == (-(-width // 2), -(-height // 2))
    pixels = np.asarray(image)
    assert np.allclose(pixels[5, 5], (200, 0, 0), atol=8)
    assert np.allclose(pixels[-5, -5], (0, 0, 200), atol=8)
    # What is read again with the size that was found has the same pixels.
    assert np.array_equal(np.asarray(decode(camera_jpeg(size), image.width * image.height)), pixels)


@pytest.mark.parametrize("behind", ["preview", "scans"])
def test_first_of_several_images_is_halved(behind: str) -> None:
    """Phones put a preview or a gain map behind the image (CIPA DC-007, "Multi-Picture Format")."""
    size, limit = (600, 400), 61_000
    image = Image.open(BytesIO(camera_jpeg(size)))
    one = encoded(image, "JPEG")
    preview = Image.new("RGB", (300, 200))
    found = {
        "preview": encoded(image, "MPO", save_all=True, append_images=[preview]),
        "scans": one + one[one.rindex(b"\xff\xda") :] * 40,
    }[behind]

    assert np.array_equal(np.asarray(decode(found, limit)), np.asarray(decode(one, limit)))


def test_jpeg_of_one_scan_for_each_color_is_not_halved() -> None:
    """libjpeg keeps all its coefficients, also if the other scans are missing."""
    one = camera_jpeg((600, 400))
    scan = one.rindex(b"\xff\xda")
    single = one[:scan] + b"\xff\xda\0\x08\1\1\0\0\x3f\0" + one[scan + 14 :]
    with pytest.raises(ImageTooLarge, match="exceeds the limit of 61,000"):
        decode(single, 61_000)


def test_half_size_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    assert decode(camera_jpeg((600, 400), exif=exif), 100_000).size == (200, 300)


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        (camera_jpeg((600, 400)), 59_999),
        (camera_jpeg((600, 400), progressive=True), 100_000),
    ],
    ids=["more than four times", "progressive"],
)
def test_image_without_half_size_decoding_is_too_large(data: bytes, limit: int) -> None:
    with pytest.raises(ImageTooLarge, match=f"exceeds the limit of {limit:,}"):
        decode(data, limit)


def wide_png(channels: int, white: int) -> bytes:
    """16 bits: a ramp from 0 to `white` in the first channel; alpha is opaque."""
    ramp = np.linspace(0, white, 256).round().astype(np.uint16)
    pixels = np.zeros((4, 256, channels), np.uint16)
    pixels[..., 0] = ramp
    if channels in (2, 4):
        pixels[..., -1] = 65_535
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    color_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    return png_file(256, 4, 16, color_type, zlib.compress(rows))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", range(8, 17))
def test_sixteen_bits_are_scaled_by_the_depth_they_use(channels: int, depth: int) -> None:
    image = decode(wide_png(channels, 2**depth - 1), 10_000)
    ramp = np.asarray(image).reshape(4, 256, -1)[1, :, 0].astype(int)

    assert image.mode == ("L" if channels == 1 else "RGB")
    assert np.abs(ramp - np.arange(256)).max() <= (1 if depth < 14 else 4)
    assert (np.diff(ramp) >= 0).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(("white", "largest"), [(255, 255), (4_095, 255), (16_383, 63), (65_535, 15)])
def test_sixteen_bits_of_a_dataset_share_a_white(channels: int, white: int, largest: int) -> None:
    image = decode(wide_png(channels, 4_095), 10_000, fixed_white(white))
    ramp = np.asarray(image).reshape(4, 256, -1)[0, :, 0]

    assert ramp.max() == largest
    assert (np.diff(ramp.astype(int)) >= 0).all()


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_dark_sixteen_bits_need_no_opencv(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    image = np.asarray(decode(wide_png(channels, 4_095), 10_000))

    assert np.abs(image[0, :, 0].astype(int) - np.arange(256)).max() <= 1
    assert (image[..., 1:] == (image[..., :1] if channels == 2 else 0)).all()


@pytest.mark.parametrize(("channels", "code"), [(3, cv2.COLOR_RGB2BGR), (4, cv2.COLOR_RGBA2BGRA)])
@pytest.mark.parametrize("filters", [cv2.IMWRITE_PNG_STRATEGY_FILTERED, cv2.IMWRITE_PNG_STRATEGY_FIXED])
def test_dark_sixteen_bits_keep_every_value(channels: int, code: int, filters: int) -> None:
    wide = np.random.default_rng(0).integers(0, 1_024, (23, 31, channels), dtype=np.uint16)
    if channels == 4:
        wide[..., 3] = 65_535
    _, file = cv2.imencode(".png", cv2.cvtColor(wide, code), [cv2.IMWRITE_PNG_STRATEGY, filters])
    expected = wide[..., :3].astype(np.uint32) * 255 // 1_023

    assert (np.asarray(decode(file.tobytes(), 10_000)) == expected).all()


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_metadata_fills_no_log(image_format: str, caplog: pytest.LogCaptureFixture) -> None:
    """Pillow logs each of the 60,000 entries of an EXIF directory."""
    entries = b"".join(struct.pack(">HHII", 0x9000 + number % 4000, 2, 1 << 20, 1 << 28) for number in range(60_000))
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 60_000) + entries + bytes(4)
    file = BytesIO()
    image = Image.new("L", (8, 8), 7)
    if image_format == "JPEG":
        image.save(file, "JPEG")
        part = b"\xff\xe1" + struct.pack(">H", 60_002) + exif[:60_000]
        data = file.getvalue()[:2] + 12 * part + file.getvalue()[2:]
    else:
        image.save(file, image_format, exif=exif, lossless=True)
        data = file.getvalue()
    caplog.set_level(logging.DEBUG)

    assert decode(data, 64).size == (8, 8)

    assert len(data) > 700_000
    assert len(caplog.text) < 2000
