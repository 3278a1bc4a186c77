import numpy as np
import pytest
from numpy.typing import NDArray

from imaging.augmentation.outlier_exposure import KINDS
from tests.imaging.augmentation.layers import augmentation

LABELS = np.zeros(400, np.int64)


def exposed(images: np.ndarray, **fields: object) -> tuple[np.ndarray, np.ndarray]:
    layer = {"type": "OutlierExposure", **fields}
    return augmentation(layer)(images, LABELS[: len(images)], np.random.default_rng(0))


@pytest.fixture
def sources() -> np.ndarray:
    """Each with a gray of its own."""
    return np.repeat(np.arange(1, 201, dtype=np.uint8), 28 * 28).reshape(200, 28, 28, 1)


def test_share_of_outliers_matches_factor(sources: NDArray[np.uint8]) -> None:
    images, shares = exposed(np.concatenate([sources, sources]), factor=0.25)
    is_outlier = shares.max(axis=1) < 1
    assert 70 <= is_outlier.sum() <= 130
    assert np.allclose(shares[is_outlier], 1 / shares.shape[1])
    assert (shares[~is_outlier, 0] == 1).all()
    kept = np.concatenate([sources, sources])[~is_outlier]
    assert (images[~is_outlier] == kept).all()


def test_pieces_come_from_batch(sources: NDArray[np.uint8]) -> None:
    images, _ = exposed(sources, factor=1, kinds=["pieces"])
    grays = [len(np.unique(image)) for image in images]
    assert set(grays) <= {1, 2, 3, 4}
    assert min(np.bincount(grays, minlength=5)[[2, 4]]) > 30


def test_neighboring_pieces_have_different_classes() -> None:
    classes = np.array([0, 1] * 100)
    images = np.repeat(np.array([10, 20] * 100, np.uint8), 28 * 28).reshape(200, 28, 28, 1)
    layer = {"type": "OutlierExposure", "factor": 1, "kinds": ["pieces"]}
    pieced, _ = augmentation(layer)(images, classes, np.random.default_rng(0))
    assert {tuple(np.unique(image)) for image in pieced} == {(10, 20)}


def test_noise_varies_in_scale_and_brightness(sources: NDArray[np.uint8]) -> None:
    images, _ = exposed(sources, factor=1, kinds=["noise"])
    steps = np.abs(np.diff(images[..., 0].astype(float), axis=1)).mean(axis=(1, 2)) / images.std(axis=(1, 2, 3))
    assert steps.min() < 0.4
    assert steps.max() > 0.7
    assert images.mean(axis=(1, 2, 3)).min() < 40
    assert images.mean(axis=(1, 2, 3)).max() > 150


@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 48, 3)])
def test_letters_are_centered_and_light_on_black(shape: tuple[int, ...]) -> None:
    images, _ = exposed(np.zeros((200, *shape), np.uint8), factor=1, kinds=["letters"])
    height, width = shape[:2]
    assert (images.max(axis=(1, 2, 3)) > 120).all()
    assert ((images > 60).mean(axis=(1, 2, 3)) < 0.5).all()
    rows = images.sum(axis=(2, 3), dtype=float)
    columns = images.sum(axis=(1, 3), dtype=float)
    assert np.abs(rows @ np.arange(height) / rows.sum(axis=1) - height / 2).max() < 0.2 * height
    assert np.abs(columns @ np.arange(width) / columns.sum(axis=1) - width / 2).max() < 0.2 * width
    assert len({image.tobytes() for image in images}) == 200


@pytest.mark.parametrize("kind", ["letters", "symbols", "rows", "shapes"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 48, 3)])
def test_rendered_kinds_are_light_on_black(kind: str, shape: tuple[int, ...]) -> None:
    sources = np.zeros((100, *shape), np.uint8)
    sources[:, shape[0] // 4 : -shape[0] // 4, shape[1] // 2 - 2 : shape[1] // 2 + 2] = 255
    images, shares = exposed(sources, factor=1, kinds=[kind])
    assert np.allclose(shares, 1 / shares.shape[1])
    assert np.mean(images.max(axis=(1, 2, 3)) > 120) > 0.9
    edges = np.concatenate([images[:, [0, -1]].reshape(100, -1), images[:, :, [0, -1]].reshape(100, -1)], axis=1)
    assert (edges > 60).mean() < 0.02
    assert len({image.tobytes() for image in images}) > (4 if kind == "rows" else 90)


def test_rows_hold_several_images() -> None:
    bars = np.zeros((100, 28, 28, 1), np.uint8)
    bars[:, 4:24, 12:16] = 255
    images, _ = exposed(bars, factor=1, kinds=["rows"])
    widths = [np.ptp(np.flatnonzero(image.max(axis=(0, 2)) > 60)) + 1 for image in images]
    assert np.mean(widths) > 1.5 * 4 * 0.7  # one is 4 wide, and reduced to 0.7


def test_every_kind_of_spec_is_implemented() -> None:
    from specs.augmentation import OutlierExposure

    annotation = OutlierExposure.model_json_schema()["properties"]["kinds"]["items"]["enum"]
    assert tuple(annotation) == KINDS
