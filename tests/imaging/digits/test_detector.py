import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from imaging.digits.detector import WEIGHTS, detector_input, is_one_digit
from imaging.digits.normalize import normalize
from tests.support.requirements import DATASETS_DIR, needs_mnist


def test_weights_are_small() -> None:
    assert WEIGHTS.stat().st_size < 60_000


def test_input_is_the_mean_of_four_pixels() -> None:
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 2, 4] = image[0, 3, 5] = 255
    expected = np.zeros((14, 14), np.float32)
    expected[1, 2] = 0.5
    assert detector_input(image).reshape(14, 14) == pytest.approx(expected)


def test_drawn_digits_are_digits(digits: NDArray[np.uint8]) -> None:
    assert sum(is_one_digit(normalize(digit).image) for digit in digits) >= 9


@needs_mnist
def test_digits_of_mnist_are_digits() -> None:
    with np.load(DATASETS_DIR / "mnist.npz") as file:
        assert is_one_digit(file["x_test"]).mean() > 0.98


def typed(text: str) -> NDArray[np.uint8]:
    """Dark on white."""
    page = np.full((140, 60 + 70 * len(text)), 255, np.uint8)
    cv2.putText(page, text, (25, 105), cv2.FONT_HERSHEY_DUPLEX, 3, 20, 6, cv2.LINE_AA)
    return page


def test_letters_and_symbols_are_doubtful() -> None:
    texts = "AEFHKMNRXYafhkmr#&?@%*+"
    taken = [text for text in texts if normalize(typed(text)).finding == "digit"]
    assert len(taken) <= 0.15 * len(texts), taken


def test_things_are_doubtful() -> None:
    """Blots of uneven ink, as photos of things leave them."""
    generator = np.random.default_rng(0)
    taken = 0
    for _ in range(50):
        rough = generator.random((5, 7), np.float32)
        blot = np.asarray(cv2.resize(rough, (20, 12), interpolation=cv2.INTER_CUBIC))
        image = np.zeros((28, 28), np.uint8)
        image[8:20, 4:24] = (255 * np.clip(2 * blot - 0.6, 0, 1)).astype(np.uint8)
        taken += int(is_one_digit(image))
    assert taken <= 3


@needs_mnist
def test_turned_digits_are_mostly_doubtful() -> None:
    with np.load(DATASETS_DIR / "mnist.npz") as file:
        images, labels = file["x_test"], file["y_test"]
    chosen = images[np.isin(labels, [2, 3, 4, 5, 7])][:500]
    assert is_one_digit(np.rot90(chosen, axes=(1, 2))).mean() < 0.2
