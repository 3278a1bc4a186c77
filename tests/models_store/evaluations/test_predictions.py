from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models_store.artifacts import write_manifest
from models_store.errors import Damaged, NotFound
from models_store.evaluations.predictions import (
    Predictions,
    build_predictions,
    predictions_file,
    read_predictions,
    write_predictions,
)


def answered(samples: int = 40, classes: int = 3, side: int = 4) -> Predictions:
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (samples, side, side, 1), dtype=np.uint8)
    probabilities = generator.dirichlet(np.ones(classes), samples).astype(np.float32)
    truth = generator.integers(0, classes, samples)
    return build_predictions(np.arange(samples)[::-1] + 100, truth, probabilities, images)


def published(folder: Path, predictions: Predictions) -> None:
    write_predictions(folder, "test", predictions)
    write_manifest(folder)


def test_written_predictions_are_read(tmp_path: Path) -> None:
    written = answered()
    published(tmp_path, written)

    read = read_predictions(tmp_path, "test")

    pairs: Iterable[tuple[Any, Any]] = zip(written, read, strict=True)
    for before, after in pairs:
        assert before.dtype == after.dtype
        assert np.array_equal(before, after)


@pytest.mark.parametrize(("samples", "side"), [(40, 4), (1_500, 4), (300, 256)])
def test_size_does_not_tell_how_many_are_wrong(tmp_path: Path, samples: int, side: int) -> None:
    """None, some, or all of them; also where not all images are kept."""
    images = np.ones((samples, side, side, 1), dtype=np.uint8)
    sizes = set()
    for wrong in (0, 1, 7, samples // 2, samples):
        truth = np.arange(samples) % 2
        said = np.where(np.arange(samples) < wrong, 1 - truth, truth)
        probabilities = np.eye(2, dtype=np.float32)[said]
        predictions = build_predictions(np.arange(samples), truth, probabilities, images)
        write_predictions(tmp_path, "test", predictions, hides_count=True)
        write_manifest(tmp_path)
        sizes.add((tmp_path / predictions_file("test")).stat().st_size)
        assert read_predictions(tmp_path, "test").misclassified.size == wrong
    assert len(sizes) == 1


def test_every_misclassified_sample_has_its_image() -> None:
    generator = np.random.default_rng(2)
    images = generator.integers(0, 256, (30, 5, 5, 3), dtype=np.uint8)
    probabilities = np.tile(np.array([[0.7, 0.3]], dtype=np.float32), (30, 1))
    truth = np.arange(30) % 2

    kept = build_predictions(np.arange(30), truth, probabilities, images)

    assert kept.misclassified.tolist() == kept.image_rows.tolist() == list(range(1, 30, 2))
    image = kept.image(3)
    assert image is not None
    assert np.array_equal(image, images[3])
    assert kept.image(2) is None
    assert kept.image(29) is not None


def test_images_are_shared_among_pairs_of_classes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models_store.evaluations.predictions._MAX_IMAGES", 3)
    sure = np.array([0.60, 0.90, 0.70, 0.80, 0.55], dtype=np.float32)
    probabilities = np.stack([sure, 1 - sure, np.zeros(5, np.float32)], axis=1)  # all are taken for class 0
    truth = np.array([1, 1, 1, 1, 2])

    kept = build_predictions(np.arange(5), truth, probabilities, np.zeros((5, 2, 2, 1), dtype=np.uint8))

    # 1 taken for 0: 0.90, then 0.80; 2 taken for 0: 0.55.
    assert kept.image_rows.tolist() == [1, 3, 4]


def test_images_are_limited_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models_store.evaluations.predictions._MAX_BYTES", 100)
    probabilities = np.tile(np.array([[0.7, 0.3]], dtype=np.float32), (30, 1))

    kept = build_predictions(np.arange(30), np.ones(30, int), probabilities, np.zeros((30, 5, 5, 1), dtype=np.uint8))

    assert kept.images.shape == (4, 5, 5, 1)


def test_features_have_no_images(tmp_path: Path) -> None:
    probabilities = np.tile(np.array([[0.7, 0.3]], dtype=np.float32), (3, 1))
    published(tmp_path, build_predictions(np.arange(3), np.ones(3, int), probabilities, np.zeros((3, 2), np.float32)))

    read = read_predictions(tmp_path, "test")

    assert read.image(0) is None
    assert read.misclassified.tolist() == [0, 1, 2]


def test_rounding_does_not_change_the_predicted_class() -> None:
    close = np.array([[0.49999, 0.50001]], dtype=np.float32)

    kept = build_predictions(np.zeros(1, int), np.ones(1, int), close, np.zeros((1, 2), np.float32))

    assert kept.probabilities[0, 0] == kept.probabilities[0, 1]
    assert kept.predicted.tolist() == [1]


def test_unpublished_split_is_not_found(tmp_path: Path) -> None:
    published(tmp_path, answered())

    with pytest.raises(NotFound, match=r"predictions-training\.npz"):
        read_predictions(tmp_path, "training")


@pytest.mark.parametrize("keep", [0, 50, -30])
def test_truncated_file_is_damaged(tmp_path: Path, keep: int) -> None:
    published(tmp_path, answered())
    file = tmp_path / predictions_file("test")
    file.write_bytes(file.read_bytes()[:keep])

    with pytest.raises(Damaged, match="predictions-test"):
        read_predictions(tmp_path, "test")


def test_other_content_of_the_same_size_is_damaged(tmp_path: Path) -> None:
    published(tmp_path, answered())
    file = tmp_path / predictions_file("test")
    file.write_bytes(bytes(len(file.read_bytes())))

    with pytest.raises(Damaged, match="cannot be read"):
        read_predictions(tmp_path, "test")


def test_arrays_of_different_lengths_are_damaged(tmp_path: Path) -> None:
    whole = answered()
    published(tmp_path, whole._replace(truth=whole.truth[:-1]))

    with pytest.raises(Damaged, match="do not match"):
        read_predictions(tmp_path, "test")
