from pathlib import Path

import numpy as np
import pytest

from models_store.errors import Damaged
from models_store.experiments.training_samples import SAMPLES_FILE, read_samples, write_samples

CLASSES = ("cat", "dog", "newt")


def test_samples_are_read_with_class_names(tmp_path: Path) -> None:
    labels = np.array([2, 2, 0, 2, 1, 0])
    images = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 5, 3), np.uint8)
    write_samples(tmp_path, images, labels, CLASSES)
    samples = read_samples(tmp_path)
    assert samples is not None
    # One of each class in turn, as long as there are any.
    assert samples.images[:, 0, 0, 0].tolist() == [2, 4, 0, 5, 1, 3]
    assert samples.labels == ("cat", "dog", "newt", "cat", "newt", "newt")
    assert samples.images.shape == (6, 4, 5, 3)


@pytest.mark.parametrize(("side", "kept"), [(8, 32), (512, 8)])
def test_number_of_samples_depends_on_size(tmp_path: Path, side: int, kept: int) -> None:
    write_samples(tmp_path, np.zeros((50, side, side, 1), np.uint8), np.zeros(50, np.int64), CLASSES)
    samples = read_samples(tmp_path)
    assert samples is not None
    assert len(samples.images) == kept


def test_features_are_not_kept(tmp_path: Path) -> None:
    write_samples(tmp_path, np.zeros((5, 2), np.float32), np.zeros(5, np.int64), CLASSES)
    assert read_samples(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"\x93NUMPY"])
def test_damaged_file_is_rejected(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SAMPLES_FILE).write_bytes(content)
    with pytest.raises(Damaged, match="cannot be read"):
        read_samples(tmp_path)
