import numpy as np
from sklearn.datasets import make_blobs

from analysis.generated_datasets import generate_blobs, generate_digits
from specs.dataset import DATASETS, BlobsSpec
from worker.data.built_in import source_of


def test_digits_use_the_whole_range_of_a_byte() -> None:
    source = source_of(generate_digits())

    assert source.matches(DATASETS["digits"])
    assert source.read(np.arange(100)).min() == 0
    assert source.read(np.arange(100)).max() == 255


def test_blobs_are_those_of_scikit_learn() -> None:
    spec = BlobsSpec(n_samples=50, centers=3, cluster_std=0.5, random_state=7)
    features, labels = make_blobs(n_samples=50, centers=3, n_features=2, cluster_std=0.5, random_state=7)
    source = source_of(generate_blobs(spec))

    assert source.matches(spec.facts())
    assert source.labels.tolist() == labels.tolist()
    assert np.array_equal(source.read(np.arange(50)), features.astype(np.float32))


def test_blobs_are_the_same_each_time() -> None:
    first, second = (generate_blobs(BlobsSpec()).samples for _ in range(2))
    assert np.array_equal(first, second)
