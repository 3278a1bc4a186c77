from zipfile import ZipFile

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.cbook import get_sample_data
from numpy.typing import NDArray
from PIL import Image

from imaging.decode import decode
from imaging.digits.localization import find_digit
from imaging.digits.normalize import SIDE, normalize
from tests.imaging.digits.papers import KINDS, enlarged, thicker
from tests.support.examples import examples
from tests.support.requirements import DATASETS_DIR, needs_file, needs_mnist

# The findings of images with one digit.
ONE = ("digit", "doubtful")


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def flat(image: np.ndarray) -> np.ndarray:
    """As `decode` flattens it."""
    if image.ndim == 2 or image.shape[2] == 3:
        return image
    return np.asarray(decode(cv2.imencode(".png", image)[1].tobytes(), image.size))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_image_gives_plain_digit(kind: str, digits: NDArray[np.uint8]) -> None:
    generator = np.random.default_rng(0)
    for digit, plain in enumerate(digits):
        expected = normalize(plain).image
        seen = normalize(flat(KINDS[kind](plain, generator)))
        assert likeness(seen.image, expected) > 0.6, digit
        assert seen.finding == "digit"


@needs_mnist
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_image_gives_mnist_digit(kind: str) -> None:
    with np.load(DATASETS_DIR / "mnist.npz") as file:
        digits = file["x_test"][:15]
    generator = np.random.default_rng(1)
    alike = [likeness(normalize(flat(KINDS[kind](digit, generator))).image, digit) for digit in digits]
    assert np.median(alike) > 0.8
    assert np.mean(np.array(alike) > 0.55) >= 0.9


@needs_mnist
def test_mnist_digits_are_unchanged() -> None:
    with np.load(DATASETS_DIR / "mnist.npz") as file:
        for digit in file["x_test"]:
            image, steps, *_ = normalize(digit)
            assert steps == ()
            assert image is digit


@needs_mnist
@needs_file("real-digits.zip")
def test_real_images_are_near_mnist_digits_of_class() -> None:
    """By the three nearest of 10,000: a network does far better, but this needs none."""
    with np.load(DATASETS_DIR / "mnist.npz") as file:
        known, labels = features(file["x_train"][:10_000]), file["y_train"][:10_000]
    with ZipFile(DATASETS_DIR / "real-digits.zip") as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        images = [np.asarray(decode(archive.read(name), 50_000_000)) for name in names]
    findings = [normalize(each).finding for each in images]
    assert set(findings) <= {"digit", "doubtful"}
    assert findings.count("digit") >= 0.97 * len(findings)
    truth = np.array([int(name.split("/")[0]) for name in names])
    nearest = labels[np.argsort(-features(np.stack([normalize(each).image for each in images])) @ known.T)[:, :3]]
    found = np.array([np.bincount(row, minlength=10).argmax() for row in nearest])
    assert len(truth) == 230
    assert (found == truth).mean() > 0.9


def features(images: np.ndarray) -> np.ndarray:
    blurred = np.stack([cv2.GaussianBlur(image, (0, 0), 1.2) for image in images]).reshape(len(images), -1)
    centered = blurred.astype(np.float32) - blurred.mean(axis=1, keepdims=True)
    return np.asarray(centered / np.linalg.norm(centered, axis=1, keepdims=True))


def test_digit_fits_box_and_is_centered(digits: NDArray[np.uint8]) -> None:
    for digit in digits:
        image, steps, *_ = normalize(255 - np.pad(digit, ((3, 90), (60, 0))))
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20)
        weights = image / image.sum()
        center = (weights.sum(axis=1) @ np.arange(SIDE), weights.sum(axis=0) @ np.arange(SIDE))
        assert center == pytest.approx((13.75, 13.75), abs=0.8)
        assert image.max() == 255
        assert steps[0] == "inverted"
        assert steps[-1] == "centered"


@pytest.mark.parametrize("shape", [(2500, 150), (150, 2500), (100, 3000)])
@pytest.mark.parametrize("at_start", [True, False])
def test_digit_at_end_of_long_strip_is_complete(
    digits: NDArray[np.uint8], shape: tuple[int, ...], at_start: bool
) -> None:
    side = min(shape)
    digit = np.asarray(cv2.resize(np.pad(255 - digits[7], 4, constant_values=255), (side, side)), np.uint8)
    strip = np.full(shape, 255, np.uint8)
    place = slice(0, side) if at_start else slice(-side, None)
    strip[(place, slice(None)) if shape[0] > shape[1] else (slice(None), place)] = digit
    seen = normalize(strip)
    assert likeness(seen.image, normalize(digit).image) > 0.85
    assert seen.finding == "digit"


@pytest.mark.parametrize("height", [2, 3, 4, 7, 20, 59])
def test_mark_at_end_of_any_strip_is_normalized(height: int) -> None:
    for width in range(200, 3000, 173):
        strip = np.full((height, width), 255, np.uint8)
        strip[:, -max(2, height // 2) : -1] = 0
        assert normalize(strip).image.shape == (28, 28)
        assert normalize(strip.T).image.shape == (28, 28)


@pytest.mark.parametrize("digit", [2, 3, 5, 8])
@pytest.mark.parametrize("is_light", [True, False])
def test_thick_digit_is_not_a_sheet(digits: NDArray[np.uint8], digit: int, is_light: bool) -> None:
    ink = (255 * thicker(enlarged(digits[digit], 280), 17)).astype(np.uint8)
    seen = normalize(ink if is_light else 255 - ink)
    assert "sheet" not in seen.steps
    assert likeness(seen.image, normalize(digits[digit]).image) > 0.6


def test_specks_and_frames_are_removed(digits: NDArray[np.uint8]) -> None:
    image = np.pad(255 - digits[3], 20, constant_values=255)
    dirty = image.copy()
    dirty[3:5, 3:5] = dirty[60, 8] = 0
    dirty[:, :2] = 30
    image, steps, *_ = normalize(dirty)
    assert "cleaned" in steps
    assert likeness(image, normalize(image).image) > 0.95


def test_separate_parts_of_digit_are_kept(digits: NDArray[np.uint8]) -> None:
    whole = np.pad(255 - digits[5], 10, constant_values=255)
    parted = whole.copy()
    parted[22:24] = 255  # a pen that was lifted
    image, *_ = normalize(parted)
    assert likeness(image, normalize(whole).image) > 0.8


@pytest.mark.parametrize("value", [0, 7, 128, 255])
def test_paper_without_ink_is_blank(value: int) -> None:
    for shape in ((28, 28), (300, 200, 3)):
        image, steps, finding, _ = normalize(np.full(shape, value, np.uint8))
        assert steps == ("blank",)
        assert finding == "not_a_digit"
        assert image.shape == (28, 28)
        assert not image.any()


def test_paper_grain_is_not_ink() -> None:
    grain = np.random.default_rng(0).normal(200, 3, (100, 100)).clip(0, 255).astype(np.uint8)
    assert normalize(grain).steps == ("blank",)


@pytest.mark.parametrize("side", [28, 64, 200])
@pytest.mark.parametrize("blur", [0, 1, 3])
def test_noise_is_rarely_a_digit(side: int, blur: int) -> None:
    """Smooth noise may look like a stroke; the network decides."""
    generator = np.random.default_rng(0)
    taken = 0
    for _ in range(20):
        noise = generator.integers(0, 256, (side, side), dtype=np.uint8)
        blurred = np.asarray(cv2.GaussianBlur(noise, (0, 0), blur), np.uint8) if blur else noise
        taken += normalize(blurred).finding in ONE
    assert taken <= (3 if blur else 0)


def test_face_is_not_a_digit() -> None:
    with Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)) as portrait:
        face = np.asarray(portrait.convert("RGB"))
    for top, bottom, left, right in ((0, 600, 0, 512), (0, 350, 80, 430), (60, 310, 150, 370), (100, 280, 170, 330)):
        assert normalize(face[top:bottom, left:right]).finding == "not_a_digit"


@settings(max_examples=examples(150), deadline=None)
@given(
    st.tuples(st.integers(1, 250), st.integers(1, 250)),
    st.booleans(),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 0.5, 3.0, 20.0]),
)
def test_any_image_gives_mnist_form(size: tuple[int, int], is_colored: bool, seed: int, blur: float) -> None:
    generator = np.random.default_rng(seed)
    source = generator.integers(0, 256, (*size, 3) if is_colored else size, dtype=np.uint8)
    if blur:
        source = np.asarray(cv2.GaussianBlur(source, (0, 0), blur), np.uint8).reshape(source.shape)
    before = source.copy()
    image, steps, *_ = normalize(source)
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert (source == before).all()
    assert steps == () or steps[-1] in {"centered", "blank"}


def page(*digits: NDArray[np.uint8], gap: int = 6) -> NDArray[np.uint8]:
    """Digits in a row, cropped to their ink, dark on white; a negative gap lets them touch."""
    pieces = [255 - digit[:, digit.any(axis=0)] for digit in digits]
    width = sum(piece.shape[1] for piece in pieces) + gap * (len(pieces) - 1)
    row, left = np.full((28, width), 255, np.uint8), 0
    for piece in pieces:
        place = row[:, left : left + piece.shape[1]]
        np.minimum(place, piece, out=place)
        left += piece.shape[1] + gap
    return np.pad(row, 20, constant_values=255)


@pytest.mark.parametrize("gap", [2, 6, 20, 60])
def test_row_of_digits_is_several(digits: NDArray[np.uint8], gap: int) -> None:
    for first in range(10):
        for count in (2, 3, 5):
            row = page(*(digits[(first + 3 * place) % 10] for place in range(count)), gap=gap)
            assert normalize(row).finding == "several_digits", (first, count)
            large = np.asarray(cv2.resize(row, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC), np.uint8)
            assert normalize(large).finding == "several_digits", (first, count)


def test_lines_of_digits_are_several(digits: NDArray[np.uint8]) -> None:
    line = page(*digits[:4])
    assert normalize(np.concatenate([line, line, line])).finding == "several_digits"


def test_long_row_of_touching_digits_is_not_a_digit(digits: NDArray[np.uint8]) -> None:
    assert normalize(page(*digits[[2, 3, 5, 2]], gap=-4)).finding != "digit"


@pytest.mark.parametrize("digit", range(10))
def test_sign_beside_a_digit_is_an_ignored_mark(digits: NDArray[np.uint8], digit: int) -> None:
    plain = np.pad(255 - digits[digit], 30, constant_values=255)
    minus = plain.copy()
    minus[43:45, 12:22] = 0
    small = plain.copy()
    small[60:70, 66:76] = np.asarray(cv2.resize(255 - digits[7], (10, 10), interpolation=cv2.INTER_AREA), np.uint8)

    assert (normalize(plain).finding, normalize(plain).ignored_marks) == ("digit", 0)
    for image in (minus, small):
        seen = normalize(image)
        assert seen.finding in ("digit", "several_digits")
        assert seen.ignored_marks == 1
        assert likeness(seen.image, normalize(plain).image) > 0.85


@pytest.mark.parametrize("gap", [2, 4, 8])
@pytest.mark.parametrize("height", [8, 11])
@pytest.mark.parametrize("digit", range(10))
def test_small_digit_close_to_a_large_one_is_doubted(
    digits: NDArray[np.uint8], digit: int, height: int, gap: int
) -> None:
    """Near enough to be taken for a part of it, as the bar of a 5 is."""
    large = tight(digits[digit])
    small = tight(digits[(digit + 3) % 10])
    width = max(2, round(height * small.shape[1] / small.shape[0]))
    page = np.zeros((80, 80), np.uint8)
    page[20 : 20 + len(large), 20 : 20 + large.shape[1]] = large
    left = 20 + large.shape[1] + gap
    page[20 : 20 + height, left : left + width] = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA)

    for image in (page, 255 - page):
        seen = normalize(image)
        assert seen.finding != "digit" or seen.ignored_marks, seen.steps


def tight(digit: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = (np.flatnonzero((digit >= 64).any(axis=axis)) for axis in (1, 0))
    return digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize("width", [6, 8])
def test_bar_beside_its_five_is_a_part_of_it(digits: NDArray[np.uint8], width: int) -> None:
    body = tight(digits[5])
    page = np.zeros((60, 60), np.uint8)
    page[20 : 20 + len(body), 20 : 20 + body.shape[1]] = body
    page[20:23, 21 + body.shape[1] : 21 + body.shape[1] + width] = 255

    found = find_digit(page)

    assert found is not None
    assert not found.has_small_digit


def test_lines_frames_and_specks_are_no_ignored_marks(digits: NDArray[np.uint8]) -> None:
    image = np.pad(255 - digits[3], 40, constant_values=255)
    image[:, 4:6] = image[90:92] = 60  # lines
    image[30, 30] = image[12:14, 80:82] = 0  # specks
    image[20:88, [20, 88]] = image[[20, 88], 20:88] = 0  # a frame
    seen = normalize(image)
    assert seen.finding in ONE
    assert seen.ignored_marks == 0


@needs_mnist
def test_digits_of_mnist_are_single() -> None:
    with np.load(DATASETS_DIR / "mnist.npz") as file:
        pages = [np.pad(255 - digit, 10, constant_values=255) for digit in file["x_test"][:1000]]
    findings = [normalize(each).finding for each in pages]
    assert sum(each in ONE for each in findings) >= 990
    assert findings.count("digit") >= 970
