"""A test split that is recognized wherever it turns up: in bytes, images, archives, arrays, JSON, base64."""

import base64
import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from specs.dataset import Dataset
from tests.support.archives import zip_of
from tests.support.image_files import encoded
from tests.support.published import IMAGE_SHAPE
from worker.data import Images, Split, Splits
from worker.evaluation.evaluate import Results, evaluate

CLASSES = tuple(map(str, range(10)))
TRAINED, TESTED = 10, 4  # images of each class
NAME = "planted"  # in the names of test files alone
FIRST, SAMPLES = TRAINED * len(CLASSES), TESTED * len(CLASSES)
# Test images have this gray everywhere, all others are darker.
_GRAY = 201
_MANY = 40  # pixels; lines and letters of plots have fewer of one gray in a row
# 29 of 40 right: 0.725, which no half of 20 samples has.
RIGHT = 29
_FIGURES = re.compile(rb"0\.7250?(?!\d)|72\.50?\s?%|0\.2750?(?!\d)|27\.50?\s?%")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{64,}={0,2}")


def planted_archive() -> bytes:
    """A zip with an official test split."""
    generator = np.random.default_rng(0)
    files = {}
    for label in CLASSES:
        for number in range(TRAINED):
            dark = generator.integers(0, 100, IMAGE_SHAPE[:2], dtype=np.uint8)
            files[f"train/{label}/{number}.png"] = encoded(Image.fromarray(dark))
        for number in range(TESTED):
            files[f"test/{label}/{NAME}-{number}.png"] = encoded(_image(int(label), number))
    return zip_of(files)


def _image(label: int, number: int, gray: int = _GRAY) -> Image.Image:
    pixels = np.full(IMAGE_SHAPE[:2], gray, np.uint8)
    pixels[0, :2] = label, number  # so that none is a copy of another
    return Image.fromarray(pixels)


def planted_results(dataset: Dataset, right: int = RIGHT, gray: int = _GRAY, first: int = FIRST) -> Results:
    """As a trainer evaluates a network that has `right` test samples right, which are numbered from `first` on; those
    of another dataset have another `gray`."""
    generator = np.random.default_rng(1)
    dark = generator.integers(0, 100, (20, *IMAGE_SHAPE)).astype(np.uint8)
    numbered = [(label, number) for label in range(len(CLASSES)) for number in range(TESTED)]
    tested = np.stack([np.asarray(_image(*each, gray))[..., None] for each in numbered])
    truth = np.array([label for label, _ in numbered])
    seen, others = np.arange(20) % 10, np.arange(20, 40) % 10
    splits = Splits(
        Split(dark, seen, np.arange(20)),
        Split(dark + 1, others, np.arange(20, 40)),
        Split(tested, truth, np.arange(first, first + SAMPLES)),
    )
    said = {id(splits.training.images): seen, id(splits.validation.images): np.roll(others, 3)}
    said[id(tested)] = np.where(np.arange(SAMPLES) < right, truth, (truth + 1) % 10)

    def predict(images: Images) -> NDArray[np.float32]:
        return np.asarray(0.01 + 0.9 * np.eye(10)[said[id(images)]], dtype=np.float32)

    return evaluate(predict, splits, dataset.classes, "float32")


def leaks(content: bytes, depth: int = 0) -> set[str]:
    """What of the planted test split is in an answer."""
    found = set()
    if NAME.encode() + b"-" in content:
        found.add("file name")
    if bytes([_GRAY]) * _MANY in content:
        found.add("pixels")
    if _FIGURES.search(content):
        found.add("figure")
    found |= _in_image(content) | _in_json(content)
    if depth < 4:
        for inner in _unpacked(content):
            found |= leaks(inner, depth + 1)
    return found


def _unpacked(content: bytes) -> Iterator[bytes]:
    if content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)
    if content[:1] != b"P":
        for text in _BASE64.findall(content):
            try:
                yield base64.b64decode(text + b"=" * (-len(text) % 4))
            except ValueError:
                continue


def _in_image(content: bytes) -> set[str]:
    try:
        with Image.open(io.BytesIO(content)) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError):
        return set()
    is_planted = np.asarray(((pixels >= _GRAY - 2) & (pixels <= _GRAY + 2)).all(axis=2))
    rows, columns = is_planted.shape
    blocks = is_planted[: rows // 4 * 4, : columns // 4 * 4].reshape(rows // 4, 4, columns // 4, 4)
    return {"image"} if blocks.all(axis=(1, 3)).sum() >= 2 else set()


def _in_json(content: bytes) -> set[str]:
    """Labels of test samples: an object that has both."""
    if content[:1] not in (b"{", b"["):
        return set()
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        return set()
    labeled = {"label", "true", "truth"}
    return {"label" for each in _objects(document) if labeled & each.keys() and _is_tested(each)}


def _is_tested(each: dict[str, Any]) -> bool:
    return any(each.get(name) in range(FIRST, FIRST + SAMPLES) for name in ("sample", "index"))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(child)
