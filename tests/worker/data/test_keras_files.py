from pathlib import Path
from typing import Any

import numpy as np
import pytest

from specs.dataset import DATASETS, Dataset
from tests.worker.data.tiny import CIFAR10, FASHION, arrays_of, written
from worker.data import DatasetUnavailable
from worker.data.keras_files import open_keras_file


@pytest.mark.parametrize("dataset", [CIFAR10, FASHION])
def test_file_in_the_layout_of_keras_is_read(dataset: Dataset, tmp_path: Path) -> None:
    written(tmp_path, dataset)
    source = open_keras_file(dataset, tmp_path)
    images = source.read(np.array([3, source.training + 2, 0]))

    assert source.training == dataset.training_samples
    assert images.shape == (3, *(dataset.image_shape or ()))
    assert images[:, 0, 0, 0].tolist() == [3, 2, 0]
    assert images[:, -1, -1, -1].tolist() == source.labels[[3, source.training + 2, 0]].tolist()


@pytest.mark.integration  # imports Keras
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "cifar100"])
def test_missing_file_is_named_with_place_and_layout(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(f"keras.datasets.{name}.load_data", offline)
    with pytest.raises(DatasetUnavailable, match=f"put {name}.npz into {tmp_path}, with the arrays x_train") as caught:
        open_keras_file(DATASETS[name], tmp_path)
    assert f"x_test (10000, {DATASETS[name].image_shape[0]}, " in str(caught.value)  # type: ignore[index]
    with pytest.raises(DatasetUnavailable, match="environment variable DATASETS_DIR"):
        open_keras_file(DATASETS[name], None)


@pytest.mark.integration  # imports Keras
def test_missing_file_is_downloaded_by_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x_train, y_train, x_test, y_test = arrays_of(FASHION).values()
    monkeypatch.setattr("keras.datasets.fashion_mnist.load_data", lambda: ((x_train, y_train), (x_test, y_test)))

    assert open_keras_file(FASHION, tmp_path).labels.tolist() == [*y_train, *y_test]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"x_train": np.zeros((30, 32, 32), np.uint8)}, r"x_train is \(30, 32, 32\) uint8"),
        ({"x_test": np.zeros((15, 32, 32, 3), np.float32)}, r"x_test is \(15, 32, 32, 3\) float32"),
        ({"y_train": np.full(30, 3)}, r"y_train \(30,\) int64, 3 to 3"),
        ({"y_train": np.zeros(29, np.uint8)}, r"y_train \(29,\) uint8"),
        ({"y_test": np.zeros((15, 3))}, r"y_test \(15, 3\) float64"),
        ({"y_test": np.zeros(15, np.uint8)}, "its classes have other numbers of samples"),
    ],
)
def test_file_of_another_dataset_is_rejected(change: dict[str, Any], found: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "cifar10.npz", **{**arrays_of(CIFAR10), **change})
    with pytest.raises(DatasetUnavailable, match=f"not cifar10 as Keras has it: .*{found}.*; replace the file"):
        open_keras_file(CIFAR10, tmp_path)


def test_file_without_the_arrays_is_rejected(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", something=np.zeros(3))
    with pytest.raises(DatasetUnavailable, match=r"not mnist as Keras .*x_train.*expected x_train \(60000, 28, 28\)"):
        open_keras_file(DATASETS["mnist"], tmp_path)


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.999])
def test_truncated_file_is_rejected(keep: float, tmp_path: Path) -> None:
    file = written(tmp_path, CIFAR10)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(DatasetUnavailable, match="replace the file"):
        open_keras_file(CIFAR10, tmp_path)


def test_file_with_a_flipped_byte_is_rejected(tmp_path: Path) -> None:
    file = written(tmp_path, CIFAR10)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(DatasetUnavailable, match="CRC"):
        open_keras_file(CIFAR10, tmp_path)


def test_pickled_arrays_are_rejected(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {**arrays_of(CIFAR10), "x_train": np.array([{}], dtype=object)}
    np.savez(tmp_path / "cifar10.npz", **arrays)
    with pytest.raises(DatasetUnavailable, match="allow_pickle"):
        open_keras_file(CIFAR10, tmp_path)
