import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps

from imaging.decode import decode
from trainyard.errors import UsageError
from trainyard.images import encode_png, read_image

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 1), (5, 3, 2), (5, 3, 3), (5, 3, 4), (1, 1), (300, 1)])
def test_array_becomes_the_same_pixels(shape: tuple[int, ...]) -> None:
    array = RNG.integers(0, 256, shape, dtype=np.uint8)
    with Image.open(io.BytesIO(encode_png(array))) as image:
        np.testing.assert_array_equal(np.asarray(image).reshape(shape), array)


def test_noncontiguous_array_is_supported() -> None:
    array = RNG.integers(0, 256, (6, 4, 3), dtype=np.uint8).transpose(1, 0, 2)[::-1]
    with Image.open(io.BytesIO(encode_png(array))) as image:
        np.testing.assert_array_equal(np.asarray(image), array)


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4), np.float32), np.zeros((4, 4), bool), np.zeros(4, np.uint8), np.zeros((4, 4, 5), np.uint8)],
    ids=lambda array: f"{array.dtype}-{array.ndim}",
)
def test_array_that_is_no_image_is_rejected(array: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]") -> None:
    with pytest.raises(UsageError, match=rf"shape .* and dtype {array.dtype} as an image: expected uint8"):
        encode_png(array)


def sent(image: Image.Image) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """What the service sees of it."""
    name, content = read_image(image, 2)
    assert name == "image-2.png"
    return np.asarray(decode(content, 1_000).convert("RGB"))


def test_pil_image_of_any_mode_is_sent_as_it_looks() -> None:
    red = np.asarray([[[200, 0, 0]] * 4] * 3)
    gray = np.asarray([[[90] * 3, [180] * 3]])
    for mode in [*Image.MODES, "La", "RGBa"]:
        if mode == "F" or mode.startswith("I"):
            continue
        through = {"La": "LA", "RGBa": "RGBA", "PA": "P"}.get(mode, mode)
        color = Image.new("RGB", (4, 3), (200, 0, 0))
        image = _lab(color) if mode == "LAB" else color.convert(through).convert(mode)
        expected = np.asarray(image.convert("RGB")) if mode == "1" else red
        if mode in ("L", "LA", "La"):
            image = Image.fromarray(np.array([[90, 180]], np.uint8)).convert(through).convert(mode)
            expected = gray
        assert np.abs(sent(image) - expected.astype(int)).max() <= 8, mode


def _lab(image: Image.Image) -> Image.Image:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(image, *profiles, outputMode="LAB")
    assert converted is not None
    return converted


@pytest.mark.parametrize("mode", [mode for mode in Image.MODES if mode.startswith("I")])
@pytest.mark.parametrize("white", [255, 4_095, 65_535])
def test_wide_pil_image_is_sent_as_its_file(mode: str, white: int, tmp_path: Path) -> None:
    ramp = np.linspace(0, white, 64).round().astype(np.uint16).reshape(8, 8)
    Image.fromarray(ramp).save(tmp_path / "wide.png")
    order = ">u2" if mode == "I;16B" else "<u2"
    image = Image.frombytes(mode, (8, 8), ramp.astype(np.int32 if mode == "I" else order).tobytes())

    pixels = sent(image)

    assert np.array_equal(pixels, np.asarray(decode((tmp_path / "wide.png").read_bytes(), 100).convert("RGB")))
    assert np.array_equal(pixels[..., 0].ravel()[[0, -1]], [0, 255])


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (Image.new("F", (3, 3), 0.5), "mode F, whose white is unknown; scale its values to 0 to 255"),
        (
            Image.new("I", (3, 3), 70_000),
            "mode I with values from 70,000 to 70,000: expected 0 to 255, or up to 65,535",
        ),
        (Image.new("I", (3, 3), -1), "mode I with values from -1 to -1: expected 0 to 255"),
        (Image.new("L", (0, 3)), "mode L: "),
        (Image.new("I;16", (0, 3)), "mode I;16: "),
    ],
    ids=["F", "above", "below", "empty", "empty and wide"],
)
def test_pil_image_without_known_white_is_rejected(image: Image.Image, sentence: str) -> None:
    with pytest.raises(UsageError, match=rf"cannot send a PIL image of {re.escape(sentence)}"):
        read_image(image, 1)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_opened_image_is_turned_as_its_file(format_name: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    file = io.BytesIO()
    Image.linear_gradient("L").resize((40, 20)).convert("RGB").save(file, format_name, exif=exif)

    with Image.open(file) as image:
        assert np.array_equal(sent(image), np.asarray(decode(file.getvalue(), 1_000).convert("RGB")))
        assert sent(ImageOps.exif_transpose(image)).shape == (40, 20, 3)
        assert sent(image.resize((20, 10))).shape == (10, 20, 3)  # a new image is meant as it is


def test_files_keep_their_names(tmp_path: Path) -> None:
    path = tmp_path / "four.png"
    path.write_bytes(b"an image")
    with path.open("rb") as file:
        assert read_image(path, 1) == read_image(str(path), 1) == read_image(file, 1) == ("four.png", b"an image")
    assert read_image(io.BytesIO(b"an image"), 3) == read_image(b"an image", 3) == ("image-3", b"an image")
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "none.png", 1)


def test_buffers_are_bytes() -> None:
    assert read_image(bytearray(b"an image"), 1) == read_image(memoryview(b"an image"), 1) == ("image-1", b"an image")


@pytest.mark.parametrize("image", [[b"an image"], None, 7, {"image": b"an image"}, io.StringIO("an image")])
def test_object_that_is_no_image_is_rejected(image: Any) -> None:
    with pytest.raises(UsageError, match=rf"cannot send a {type(image).__name__} as an image: .* predict\(\*images\)"):
        read_image(image, 1)
