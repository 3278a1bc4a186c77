import numpy as np
import pytest

from imaging.augmentation.synthetic_digits import STYLES, draw_digit
from imaging.digits.normalize import normalize
from tests.imaging.augmentation.layers import augmentation
from tests.support.requirements import DATASETS_DIR, needs_mnist


def test_every_digit_has_several_styles() -> None:
    assert sorted(STYLES) == list(range(10))
    assert all(len(styles) >= 3 for styles in STYLES.values())


@pytest.mark.parametrize("digit", range(10))
def test_drawings_have_the_form_of_mnist(digit: int) -> None:
    generator = np.random.default_rng(digit)
    drawings = [draw_digit(digit, generator) for _ in range(100)]
    for drawing in drawings:
        assert drawing.shape == (28, 28)
        assert drawing.dtype == np.uint8
        rows, columns = np.flatnonzero(drawing.any(axis=1)), np.flatnonzero(drawing.any(axis=0))
        assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 22
        weights = drawing / drawing.sum()
        center = (weights.sum(axis=1) @ np.arange(28), weights.sum(axis=0) @ np.arange(28))
        assert center == pytest.approx((13.5, 13.5), abs=2.5)
    assert len({drawing.tobytes() for drawing in drawings}) == 100


def test_same_generator_draws_the_same() -> None:
    one, other = (draw_digit(4, np.random.default_rng(7)) for _ in range(2))
    assert (one == other).all()


@needs_mnist
def test_drawings_are_near_mnist_digits_of_class() -> None:
    """By the five nearest of 10,000: a 1 with a long flag is near to 7s, as are narrow 7s to 1s."""
    with np.load(DATASETS_DIR / "mnist.npz") as file:
        known, labels = file["x_train"][:10_000].reshape(-1, 784).astype(np.float32), file["y_train"][:10_000]
    known = known - known.mean(axis=1, keepdims=True)
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    generator = np.random.default_rng(0)
    truth = np.arange(300) % 10
    drawn = np.stack([normalize(draw_digit(int(digit), generator)).image for digit in truth])
    nearest = labels[np.argsort(-drawn.reshape(-1, 784).astype(np.float32) @ known.T)[:, :5]]
    found = np.array([np.bincount(row, minlength=10).argmax() for row in nearest])
    assert (found == truth).mean() > 0.75


@pytest.mark.parametrize("shape", [(28, 28, 1), (40, 40, 3)])
def test_layer_replaces_its_share_and_keeps_labels(shape: tuple[int, int, int]) -> None:
    labels = np.arange(400) % 10
    images = np.full((400, *shape), 7, np.uint8)
    layer = augmentation({"type": "SyntheticDigits", "factor": 0.25})

    changed, shares = layer(images, labels, np.random.default_rng(0))

    is_drawn = (changed != 7).any(axis=(1, 2, 3))
    assert 70 <= is_drawn.sum() <= 130
    assert (shares.argmax(axis=1) == labels).all()
    assert (shares.max(axis=1) == 1).all()
    assert (changed[is_drawn].max(axis=(1, 2, 3)) > 200).all()
    assert (images == 7).all()
