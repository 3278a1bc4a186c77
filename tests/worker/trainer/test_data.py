import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from specs.dataset import DatasetSpec
from worker.trainer.data import DatasetUnavailable, load_parts


def test_digits_are_split_as_the_spec_counts_them() -> None:
    spec = DatasetSpec()
    parts, sizes = load_parts(spec, None), spec.part_sizes()

    assert tuple(len(part.labels) for part in parts) == (sizes.training, sizes.validation, sizes.test)
    assert all(part.images.shape == (len(part.labels), 8, 8, 1) for part in parts)
    assert all((part.images.dtype, part.labels.dtype) == (np.uint8, np.int64) for part in parts)


def test_parts_are_disjoint_and_together_the_whole() -> None:
    parts = load_parts(DatasetSpec(), None)
    seen = sorted(image.tobytes() for part in parts for image in part.images)
    whole = sorted(np.rint(load_digits().images * 255 / 16).astype(np.uint8).reshape(-1, 64).tolist())

    assert len(seen) == 1797
    assert [list(image) for image in seen] == whole


def test_same_seed_same_split_and_another_seed_another_split() -> None:
    first, again = (load_parts(DatasetSpec(), None) for _ in range(2))
    other = load_parts(DatasetSpec.model_validate({"split": {"seed": 1}}), None)

    assert np.array_equal(first.training.images, again.training.images)
    assert not np.array_equal(first.test.images, other.test.images)


def test_stratified_parts_hold_each_class_in_proportion() -> None:
    counts = np.bincount(load_parts(DatasetSpec(), None).test.labels)

    assert counts.min() >= 34
    assert counts.max() <= 38


def test_missing_file_names_the_place_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("keras.datasets.mnist.load_data", offline)
    with pytest.raises(DatasetUnavailable, match=str(tmp_path / "mnist.npz")):
        load_parts(DatasetSpec.model_validate({"name": "mnist"}), tmp_path)


def test_file_that_is_not_mnist_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", something=np.zeros(3))
    with pytest.raises(DatasetUnavailable, match="not MNIST"):
        load_parts(DatasetSpec.model_validate({"name": "mnist"}), tmp_path)


@pytest.mark.skipif(
    not (Path(os.environ.get("DATASETS_DIR", "nowhere")) / "mnist.npz").is_file(),
    reason="needs mnist.npz in DATASETS_DIR",
)
def test_mnist_has_its_official_test_part() -> None:
    parts = load_parts(DatasetSpec.model_validate({"name": "mnist"}), Path(os.environ["DATASETS_DIR"]))

    assert tuple(len(part.labels) for part in parts) == (54_000, 6_000, 10_000)
    assert parts.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert parts.test.images.shape == (10_000, 28, 28, 1)
