import numpy as np
import pytest

from specs.dataset import DATASETS
from tests.support.requirements import DATASETS_DIR, needs_mnist


def test_every_name_has_facts() -> None:
    assert list(DATASETS) == ["digits", "mnist", "fashion_mnist", "cifar10", "cifar100", "blobs"]
    for name, dataset in DATASETS.items():
        assert dataset.name == name
        assert len(set(dataset.classes)) == len(dataset.classes) == len(dataset.training_counts)
        assert len(dataset.test_counts) in (0, len(dataset.classes))


@pytest.mark.parametrize(
    ("name", "shape", "classes", "training", "test"),
    [
        ("digits", (8, 8, 1), 10, 1_797, 0),
        ("mnist", (28, 28, 1), 10, 60_000, 10_000),
        ("fashion_mnist", (28, 28, 1), 10, 60_000, 10_000),
        ("cifar10", (32, 32, 3), 10, 50_000, 10_000),
        ("cifar100", (32, 32, 3), 100, 50_000, 10_000),
        ("blobs", (2,), 4, 1_000, 0),
    ],
)
def test_facts_equal_published_counts(
    name: str, shape: tuple[int, ...], classes: int, training: int, test: int
) -> None:
    dataset = DATASETS[name]
    assert (dataset.image_shape, len(dataset.classes)) == (shape, classes)
    assert (dataset.training_samples, dataset.test_samples) == (training, test)


def test_only_blobs_has_features() -> None:
    assert [name for name, dataset in DATASETS.items() if not dataset.has_images] == ["blobs"]
    assert (DATASETS["blobs"].dtype, DATASETS["mnist"].dtype) == ("float32", "uint8")


def test_cifar100_has_fine_labels_in_order() -> None:
    classes = DATASETS["cifar100"].classes
    assert list(classes) == sorted(classes)
    assert [classes[index] for index in (0, 19, 49, 99)] == ["apple", "cattle", "mountain", "worm"]


def test_digits_equal_scikit_learn() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    counts = np.bincount(datasets.load_digits().target)
    assert tuple(counts) == DATASETS["digits"].training_counts


@needs_mnist
def test_mnist_equals_file() -> None:
    with np.load(DATASETS_DIR / "mnist.npz") as arrays:
        assert tuple(np.bincount(arrays["y_train"])) == DATASETS["mnist"].training_counts
        assert tuple(np.bincount(arrays["y_test"])) == DATASETS["mnist"].test_counts
