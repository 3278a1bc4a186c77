import numpy as np
import pytest
from sklearn.datasets import load_digits, make_blobs

from analysis.generated_datasets import generate_blobs, generate_digits
from specs.dataset import DATASETS, BlobsSpec
from worker.data.built_in import source_of


def test_digits_are_those_of_scikit_learn() -> None:
    images, labels = generate_digits()
    theirs = load_digits()

    assert np.array_equal(images[..., 0], np.rint(theirs.images * 255 / 16))
    assert np.array_equal(labels, theirs.target)


def test_digits_use_the_whole_range_of_a_byte() -> None:
    source = source_of(generate_digits())

    assert source.matches(DATASETS["digits"])
    assert source.read(np.arange(100)).min() == 0
    assert source.read(np.arange(100)).max() == 255


@pytest.mark.parametrize(("samples", "centers", "std", "seed"), [(50, 3, 0.5, 7), (7, 7, 2.0, 0), (1003, 4, 9.0, 1)])
def test_blobs_are_those_of_scikit_learn(samples: int, centers: int, std: float, seed: int) -> None:
    spec = BlobsSpec(n_samples=samples, centers=centers, cluster_std=std, random_state=seed)
    features, labels = make_blobs(samples, n_features=2, centers=centers, cluster_std=std, random_state=seed)
    source = source_of(generate_blobs(spec))

    assert source.matches(spec.facts())
    assert source.labels.tolist() == labels.tolist()
    assert np.array_equal(source.read(np.arange(samples)), features.astype(np.float32))


def test_blobs_are_the_same_each_time() -> None:
    first, second = (generate_blobs(BlobsSpec()).samples for _ in range(2))
    assert np.array_equal(first, second)
