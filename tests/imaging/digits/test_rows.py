import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from imaging.digits import rows
from imaging.digits.normalize import normalize, normalize_row
from tests.imaging.digits.papers import BLUE_PEN, WHITE, blank, enlarged, lit, photographed, ruled, written

Digits = NDArray[np.uint8]


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def row_of(digits: list[Digits], gap: int) -> Digits:
    """Light on black, cropped to their ink; with a negative gap they touch."""
    pieces = [digit[:, digit.any(axis=0)] for digit in digits]
    row = np.zeros((28, sum(piece.shape[1] for piece in pieces) + gap * (len(pieces) - 1)), np.uint8)
    left = 0
    for piece in pieces:
        place = row[:, left : left + piece.shape[1]]
        np.maximum(place, piece, out=place)
        left += piece.shape[1] + gap
    return np.pad(row, 12)


def assert_read(image: Digits, digits: list[Digits], at_least: float) -> None:
    seen = normalize_row(image)
    assert len(seen) == len(digits)
    for one, expected in zip(seen, digits, strict=True):
        assert likeness(one.image, normalize(expected).image) > at_least
        assert one.finding == "digit"


@pytest.mark.parametrize("order", [[4, 0, 7], [1, 1, 2], [5, 3], [9, 8, 6, 2, 0], [7]])
@pytest.mark.parametrize("gap", [2, 8, 30])
@pytest.mark.parametrize("is_dark", [True, False])
def test_digits_of_row_are_found_in_order(digits: Digits, order: list[int], gap: int, is_dark: bool) -> None:
    chosen = [digits[each] for each in order]
    row = row_of(chosen, gap)
    large = np.asarray(cv2.resize(row, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC), np.uint8)
    assert_read(255 - large if is_dark else large, chosen, 0.7)


def test_digits_that_touch_are_cut(digits: Digits) -> None:
    chosen = [digits[2], digits[3], digits[0]]
    large = np.asarray(cv2.resize(row_of(chosen, -1), None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC), np.uint8)
    assert_read(255 - large, chosen, 0.6)


def test_photographed_row_on_ruled_paper_is_read(digits: Digits) -> None:
    generator = np.random.default_rng(0)
    chosen = [digits[3], digits[0], digits[9]]
    row = row_of(chosen, 6)
    side = 8 * max(row.shape)
    square = np.zeros((max(row.shape), max(row.shape)), np.uint8)
    square[: row.shape[0]] = row
    ink = np.pad(enlarged(square, side), 60)
    paper = ruled(blank(ink.shape, WHITE), 90)
    assert_read(photographed(lit(written(ink, BLUE_PEN, paper), generator, 0.8), generator), chosen, 0.7)


def test_parts_and_specks_make_no_digits(digits: Digits) -> None:
    parted = digits[5].copy()
    parted[9:11] = 0  # a pen that was lifted
    row = np.pad(row_of([parted, digits[1]], 10), 10)
    row[3:5, 5:7] = row[40, 60] = 255
    row[45:47, 20:26] = 255
    assert len(normalize_row(255 - row)) == 2


@pytest.mark.parametrize("shape", [(28, 28), (200, 500), (300, 200, 3)])
def test_blank_paper_has_no_row(shape: tuple[int, ...]) -> None:
    assert normalize_row(np.full(shape, 250, np.uint8)) == []


def test_page_full_of_digits_is_no_row(digits: Digits) -> None:
    line = np.concatenate([np.pad(digit, 2) for digit in digits] * 5, axis=1)
    assert normalize_row(255 - line) == []


def test_page_full_of_marks_is_rejected_unmasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mask of each mark would take as many copies of the image."""
    page = np.full((200, 640), 255, np.uint8)
    for left in range(4, 640, 12):
        page[80:100, left : left + 3] = 0
    masks: list[object] = []
    monkeypatch.setattr(rows, "bounding_box", masks.append)

    assert rows.find_row(page) == []
    assert masks == []
