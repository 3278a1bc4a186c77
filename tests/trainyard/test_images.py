import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

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


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "CMYK", "YCbCr", "1"])
def test_pil_image_of_any_mode_is_a_png(mode: str) -> None:
    name, content = read_image(Image.new("RGB", (4, 3), "red").convert(mode), 2)
    assert name == "image-2.png"
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == ("PNG", (4, 3))


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
