"""PNG and JPEG files with more around their pixels than a decoder should have to read."""

import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from imaging.container import MAX_SCANS, PNG, exif_orientation, strip_container
from imaging.decode import decode
from imaging.errors import ImageTooLarge, UnreadableImage
from tests.support.image_files import encoded, png_chunk

MAX_PIXELS = 1_000_000
MEGABYTE = bytes(1_000_000)


def noise(mode: str = "RGB", width: int = 40, height: int = 24) -> Image.Image:
    shape = (height, width) if mode == "L" else (height, width, len(mode))
    pixels = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    return Image.frombytes(mode, (width, height), pixels.tobytes())


def before(data: bytes, name: bytes, extra: bytes) -> bytes:
    """A PNG with chunks before its chunk `name`."""
    place = data.index(name) - 4
    return data[:place] + extra + data[place:]


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def after_start(data: bytes, extra: bytes) -> bytes:
    return data[:2] + extra + data[2:]


def with_scans(count: int, **options: Any) -> bytes:
    """A progressive JPEG whose last scan is repeated until it has `count`."""
    data = encoded(noise(), "JPEG", progressive=True, **options)
    last, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    return data[:end] + data[last:end] * (count - data.count(b"\xff\xda")) + data[end:]


def assert_same_pixels(data: bytes, sound: bytes) -> None:
    assert decode(data, MAX_PIXELS).tobytes() == decode(sound, MAX_PIXELS).tobytes()


# -- what is left out ------------------------------------------------------------------------------------------------


def bundled_text() -> PngImagePlugin.PngInfo:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "x" * 5_000, zip=True)
    text.add_itxt("XML:com.adobe.xmp", "<x/>")
    return text


@pytest.mark.parametrize(
    "data",
    [
        encoded(noise(), pnginfo=bundled_text(), icc_profile=bytes(3_000), dpi=(300, 300)),
        encoded(noise("RGBA")),
        encoded(noise("L"), bits=4),
        encoded(noise().convert("P"), transparency=3),
        encoded(noise("L"), transparency=7),
        encoded(noise(), "JPEG", comment=b"made", icc_profile=bytes(200_000), exif=Image.Exif(), xmp=b"<x/>"),
        encoded(noise(), "JPEG", progressive=True, quality=95),
        encoded(noise("L"), "JPEG"),
        encoded(noise("CMYK"), "JPEG"),
        encoded(noise(), "JPEG", keep_rgb=True),
        encoded(noise(), "JPEG", restart_marker_blocks=1, subsampling="4:1:1"),
        encoded(noise(), "MPO", save_all=True, append_images=[noise()]),
        encoded(noise(), "WEBP", exif=Image.Exif()),
    ],
    ids=range(13),
)
def test_stripped_file_has_the_same_pixels(data: bytes) -> None:
    stripped = strip_container(data).data

    assert len(stripped) <= len(data)
    read, expected = Image.open(BytesIO(stripped)), Image.open(BytesIO(data))
    assert (read.mode, read.size) == (expected.mode, expected.size)
    assert read.tobytes() == expected.tobytes()
    assert read.info.get("transparency") == expected.info.get("transparency")


@pytest.mark.parametrize(
    ("data", "gone"),
    [
        (before(encoded(noise()), b"IDAT", png_chunk(b"iCCP", b"x\0\0" + zlib.compress(MEGABYTE)) * 500), b"iCCP"),
        (before(encoded(noise()), b"IDAT", png_chunk(b"zTXt", b"x\0\0" + zlib.compress(MEGABYTE)) * 500), b"zTXt"),
        (before(encoded(noise()), b"IEND", png_chunk(b"eXIf", b"MM\0*" + MEGABYTE)), b"eXIf"),
        (after_start(encoded(noise(), "JPEG"), segment(0xE2, bytes(60_000)) * 100), b"\xff\xe2"),
        (after_start(encoded(noise(), "JPEG"), segment(0xE1, b"Exif\0\0" + bytes(60_000)) * 100), b"\xff\xe1"),
        (after_start(encoded(noise(), "JPEG"), b"\xff" * 100_000), b"\xff" * 10),
    ],
    ids=["profiles", "texts", "png exif", "jpeg profile", "jpeg exif", "fill bytes"],
)
def test_bombs_around_the_pixels_are_never_read(data: bytes, gone: bytes) -> None:
    stripped = strip_container(data).data

    assert gone not in stripped
    assert len(stripped) < 10_000
    assert_same_pixels(data, stripped)


def test_image_data_in_many_chunks_becomes_one() -> None:
    sound = encoded(noise("L", 28, 28))
    start = sound.index(b"IDAT")
    content = sound[start + 4 : sound.index(b"IEND") - 8]
    split = sound[: start - 4] + b"".join(png_chunk(b"IDAT", content[at : at + 1]) for at in range(900)) + sound[-12:]
    assert len(content) < 900

    assert strip_container(split).data.count(b"IDAT") == 1
    assert_same_pixels(split, sound)


# -- what is rejected ------------------------------------------------------------------------------------------------


def test_jpeg_with_thousands_of_scans_is_rejected() -> None:
    assert decode(with_scans(MAX_SCANS), MAX_PIXELS).size == (40, 24)
    for count in (MAX_SCANS + 1, 4_000):
        with pytest.raises(UnreadableImage, match=f"more than {MAX_SCANS} scans"):
            decode(with_scans(count), MAX_PIXELS)


def test_scan_markers_behind_the_image_are_no_scans() -> None:
    """As in the video of a motion photo, or by chance in the tables between scans."""
    sound = with_scans(MAX_SCANS)
    table = segment(0xC4, b"")  # an empty table is allowed
    behind = sound + b"\xff\xda" * 1_000
    between = sound.replace(b"\xff\xda", segment(0xFE, b"\xff\xda" * 9) + table + b"\xff\xda")

    assert_same_pixels(behind, sound)
    assert_same_pixels(between, sound)


@pytest.mark.parametrize(
    "data",
    [
        before(encoded(noise()), b"IDAT", png_chunk(b"abCd", b"") * 100_000),
        before(encoded(noise()), b"IEND", png_chunk(b"tEXt", b"a\0b") * 100_000),
        before(encoded(noise()), b"IDAT", png_chunk(b"IDAT", b"") * 100_000),
        after_start(encoded(noise(), "JPEG"), segment(0xE5, b"") * 300_000),
        after_start(encoded(noise(), "JPEG"), b"\xff\xd0" * 300_000),
    ],
    ids=["unknown chunks", "texts", "empty image data", "empty segments", "markers"],
)
def test_endless_parts_are_rejected(data: bytes) -> None:
    with pytest.raises(UnreadableImage, match=r"more than [\d,]+ (chunks|segments); save it again"):
        decode(data, MAX_PIXELS)


def test_large_files_may_have_many_parts() -> None:
    sound = encoded(noise())

    assert_same_pixels(before(sound, b"IDAT", png_chunk(b"abCd", bytes(300)) * 5_000), sound)


# -- the end of a JPEG -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "options"),
    [("RGB", {}), ("L", {}), ("RGB", {"progressive": True}), ("RGB", {"optimize": True, "quality": 98}), ("CMYK", {})],
)
@pytest.mark.parametrize("ending", [b"", b"\xff", b"\xff\xff", b"\0", b"\n"])
def test_jpeg_without_its_end_marker_is_read(mode: str, options: dict[str, Any], ending: bytes) -> None:
    sound = encoded(noise(mode), "JPEG", **options)
    assert sound.endswith(b"\xff\xd9")

    assert_same_pixels(sound[:-2] + ending, sound)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}])
@pytest.mark.parametrize("missing", [4, 8, 30, 100, 600])
def test_jpeg_that_ends_within_its_pixels_is_rejected(options: dict[str, Any], missing: int) -> None:
    with pytest.raises(UnreadableImage, match="corrupt or truncated"):
        decode(encoded(noise(), "JPEG", **options)[:-missing], MAX_PIXELS)


def test_png_without_its_end_is_read() -> None:
    sound = encoded(noise())

    assert_same_pixels(sound[:-12], sound)


# -- orientation -----------------------------------------------------------------------------------------------------


def tiff(order: str, kind: int, value: bytes) -> bytes:
    header = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8)
    return header + struct.pack(f"{order}HHHI", 1, 0x0112, kind, 1) + value


PACKED: dict[str, Callable[[str], bytes]] = {
    "byte": lambda order: tiff(order, 1, b"\6\0\0\0"),
    "short": lambda order: tiff(order, 3, struct.pack(f"{order}HH", 6, 0)),
    "long": lambda order: tiff(order, 4, struct.pack(f"{order}I", 6)),
}


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_orientation_is_read_from_exif(kind: str, order: str, prefix: bytes) -> None:
    exif = prefix + PACKED[kind](order)

    assert exif_orientation(exif) == 6
    assert decode(encoded(noise(), "JPEG", exif=b"Exif\0\0" + PACKED[kind](order)), MAX_PIXELS).size == (24, 40)
    assert decode(encoded(noise(), "PNG", exif=exif), MAX_PIXELS).size == (24, 40)


def test_corrupt_exif_has_no_orientation() -> None:
    sound = PACKED["short"]("<")

    for end in range(len(sound) - 2):
        assert exif_orientation(sound[:end]) is None
    assert exif_orientation(tiff("<", 2, b"six\0")) is None
    assert exif_orientation(b"II*\0\xff\xff\xff\xff" + sound) is None


def test_damaged_containers_are_read_or_rejected() -> None:
    """With a sentence that says why; and stripping adds nothing but the IDAT and IEND that a PNG may lack."""
    chance = np.random.default_rng(5)
    for sound in (encoded(noise(), pnginfo=bundled_text()), with_scans(12), encoded(noise(), "JPEG", comment=b"x")):
        added = len(png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")) if sound.startswith(PNG) else 0
        read = 0
        for _ in range(300):
            damaged = bytearray(sound)
            for at in chance.integers(0, len(sound), 3):
                damaged[at] = chance.choice((0, 0xFF, 0xDA, 0xD9, 0x80))
            data = bytes(damaged[: chance.integers(2, len(sound))])
            with suppress(UnreadableImage, ImageTooLarge):
                stripped = strip_container(data).data
                assert stripped[:2] == data[:2]
                assert len(stripped) <= len(data) + added
                decode(data, MAX_PIXELS)
                read += 1
        assert read < 300
