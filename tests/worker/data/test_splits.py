import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from analysis.split_counts import expected_counts
from specs.dataset import Dataset
from specs.experiment import parse_spec
from tests.support.requirements import DATASETS_DIR, needs_mnist
from tests.worker.data.tiny import CIFAR10, MODEL, TRAINING, spec_of, written
from worker.data import Splits, load_splits
from worker.data.splits import AddedSource


def sizes(splits: Splits) -> tuple[int, ...]:
    return tuple(len(split.labels) for split in splits)


def test_digits_are_split_into_the_sizes_of_the_spec() -> None:
    spec = spec_of({})
    splits, counted = load_splits(spec, None), spec.dataset.split_sizes()

    assert sizes(splits) == (counted.training, counted.validation, counted.test)
    assert all(split.images.shape == (len(split.labels), 8, 8, 1) for split in splits)
    assert all(split.images.dtype == np.uint8 and split.labels.dtype == np.int64 for split in splits)


def test_splits_are_disjoint_and_complete() -> None:
    splits = load_splits(spec_of({}), None)
    seen = sorted(image.tobytes() for split in splits for image in split.images)
    whole = sorted(np.rint(load_digits().images * 255 / 16).astype(np.uint8).reshape(-1, 64).tolist())

    assert len(seen) == 1797
    assert [list(image) for image in seen] == whole


def test_seed_determines_the_split() -> None:
    first, again = (load_splits(spec_of({}), None) for _ in range(2))
    other = load_splits(spec_of({"split": {"seed": 1}}), None)

    assert np.array_equal(first.training.images, again.training.images)
    assert not np.array_equal(first.test.images, other.test.images)


def test_stratified_splits_have_classes_in_proportion() -> None:
    counts = np.bincount(load_splits(spec_of({}), None).test.labels)

    assert counts.min() >= 34
    assert counts.max() <= 38


@pytest.mark.parametrize(
    "dataset",
    [
        {"name": "digits", "limit_per_class": 13},
        {"name": "digits", "classes": [3, 1], "limit_per_class": 180, "split": {"test": 0.5, "validation": 0.33}},
        {"name": "digits", "limit_per_class": 3, "split": {"stratify": False}},
        {"name": "blobs", "blobs": {"n_samples": 301, "centers": 7}},
        {"name": "blobs", "blobs": {"n_samples": 60, "centers": 3}, "classes": [2, 0], "limit_per_class": 15},
        {"name": "cifar10"},
        {"name": "cifar10", "classes": ["frog", "cat"], "limit_per_class": 9},
        {"name": "cifar10", "split": {"test": 0.3, "validation": 0.2}, "limit_per_class": 13},
    ],
)
def test_splits_have_the_sizes_of_the_spec(dataset: dict[str, Any], tmp_path: Path) -> None:
    written(tmp_path, CIFAR10)
    spec = spec_of(dataset)
    splits, counted = load_splits(spec, tmp_path), spec.dataset.split_sizes()

    assert sizes(splits) == (counted.training, counted.validation, counted.test)
    found = np.bincount(np.concatenate([split.labels for split in splits]))
    taken = zip(spec.dataset.facts.training_counts, spec.dataset.facts.test_counts or found * 0, strict=True)
    assert found.tolist() == [training + test for training, test in taken]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("counts", [(400, 4), (12, 12, 3), (10,) * 10, (7, 7, 7, 8, 30), (5, 0, 9)])
def test_counts_of_classes_are_known_before_reading(counts: tuple[int, ...], seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    facts = Dataset("own", (1,), tuple(map(str, range(len(counts)))), counts)
    split = {"seed": seed, "validation": 0.3 if len(counts) == 10 else 0.1}
    document = {
        "dataset": {"name": "own", "split": split},
        "model": {"layers": [{"type": "Dense"}]},
        "training": TRAINING,
    }
    if 0 in counts:
        document["dataset"]["classes"] = [0, 2]  # type: ignore[index]
    spec = parse_spec(document, {"own": facts})
    labels = np.searchsorted(np.unique(labels), labels)

    held = spec.dataset.split_sizes()
    rest, test = train_test_split(labels, test_size=held.test, random_state=seed, stratify=labels)
    training, validation = train_test_split(rest, test_size=held.validation, random_state=seed, stratify=rest)

    found = {name: each.tolist() for name, each in expected_counts(spec).items()}
    real = {"training": training, "validation": validation, "test": test}
    assert found == {
        name: np.bincount(each, minlength=len(spec.dataset.facts.classes)).tolist() for name, each in real.items()
    }


def test_labels_follow_the_order_of_selected_classes(tmp_path: Path) -> None:
    written(tmp_path, CIFAR10)
    splits = load_splits(spec_of({"name": "cifar10", "classes": ["frog", "cat"]}), tmp_path)

    for split in splits:
        assert split.images[:, -1, -1, -1].tolist() == [[2, 0][label] for label in split.labels]


def samples_by_split(splits: Splits) -> list[list[int]]:
    return [sorted(split.samples.tolist()) for split in splits]


@pytest.mark.parametrize(
    "dataset",
    [
        {"name": "digits"},
        {"name": "digits", "limit_per_class": 13},
        {"name": "digits", "split": {"stratify": False}},
        {"name": "cifar10", "split": {"test": 0.3, "validation": 0.2}},
        {"name": "cifar10", "split": {"validation": 0.5}},
        {"name": "blobs", "blobs": {"n_samples": 301, "centers": 5}},
    ],
)
@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0)])
def test_splits_do_not_depend_on_the_order_of_classes(
    dataset: dict[str, Any], order: tuple[int, ...], tmp_path: Path
) -> None:
    written(tmp_path, CIFAR10)
    given = spec_of({**dataset, "classes": [0, 1, 2]})
    other = spec_of({**dataset, "classes": order})
    splits, same = load_splits(given, tmp_path), load_splits(other, tmp_path)

    assert samples_by_split(splits) == samples_by_split(same)
    for split, again in zip(splits, same, strict=True):
        places = dict(zip(again.samples.tolist(), again.labels.tolist(), strict=True))
        assert [order[places[sample]] for sample in split.samples.tolist()] == split.labels.tolist()
    for each in ("training", "validation", "test"):
        assert expected_counts(other)[each].tolist() == expected_counts(given)[each][list(order)].tolist()


def test_added_samples_do_not_depend_on_the_order(tmp_path: Path) -> None:
    def added(classes: list[str]) -> list[int]:
        document = {"name": "cifar10", "classes": classes, "add": [{"name": "more", "limit_per_class": 3}]}
        more = Dataset("more", (32, 32, 3), CIFAR10.classes, (12, 10, 8))
        spec = parse_spec(
            {"dataset": document, "model": MODEL, "training": TRAINING}, {"cifar10": CIFAR10, "more": more}
        )
        # As if the stand-in had been added to itself.
        training = load_splits(spec, tmp_path, added={"more": AddedSource(CIFAR10)}).training
        return sorted(sample for sample in training.samples.tolist() if sample >= 45)

    written(tmp_path, CIFAR10)
    assert len(added(["cat", "frog"])) == 6
    assert added(["cat", "frog"]) == added(["frog", "cat"])


@pytest.mark.parametrize(
    ("dataset", "digest"),
    [
        ({}, "aacbdc99c3675642"),
        ({"limit_per_class": 13}, "f99375a06033eccb"),
        ({"classes": [1, 3, 8], "split": {"seed": 5, "test": 0.25}}, "341b6e472a6ae7b7"),
        ({"name": "blobs", "blobs": {"n_samples": 301, "centers": 7}}, "7f56999cb4df9094"),
    ],
)
def test_splits_are_those_of_earlier_versions(dataset: dict[str, Any], digest: str) -> None:
    """Results of earlier versions can be compared, and trainings continued, only on the same splits."""
    splits = load_splits(spec_of({"name": "digits", **dataset}), None)
    samples = b"|".join(split.samples.astype("<i8").tobytes() for split in splits)
    assert hashlib.sha256(samples).hexdigest()[:16] == digest


def test_official_test_split_is_whole_and_in_order(tmp_path: Path) -> None:
    written(tmp_path, CIFAR10)
    test = load_splits(spec_of({"name": "cifar10", "limit_per_class": 5, "split": {"validation": 0.2}}), tmp_path).test

    assert test.images[:, 0, 0, 0].tolist() == list(range(15))


def test_cut_test_split_draws_from_both_source_splits(tmp_path: Path) -> None:
    written(tmp_path, CIFAR10)
    splits = load_splits(spec_of({"name": "cifar10", "split": {"test": 0.5, "stratify": False}}), tmp_path)
    places = np.sort(np.concatenate([split.images[:, 0, 0, 0] for split in splits]))

    assert places.tolist() == sorted([*range(30), *range(15)])


def test_larger_limit_adds_samples() -> None:
    few, more, others = (
        {
            image.tobytes()
            for split in load_splits(spec_of({"limit_per_class": limit, "split": {"seed": seed}}), None)
            for image in split.images
        }
        for limit, seed in ((20, 0), (40, 0), (20, 1))
    )

    assert few < more
    assert few != others


def test_limit_does_not_depend_on_the_other_classes() -> None:
    def zeros(dataset: dict[str, Any], label: int) -> set[bytes]:
        splits = load_splits(spec_of({"limit_per_class": 20, **dataset}), None)
        return {image.tobytes() for split in splits for image in split.images[split.labels == label]}

    assert zeros({}, 0) == zeros({"classes": [4, 0]}, 1)


@needs_mnist
def test_mnist_has_its_official_test_split() -> None:
    splits = load_splits(spec_of({"name": "mnist"}), DATASETS_DIR)

    assert sizes(splits) == (54_000, 6_000, 10_000)
    assert splits.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert splits.test.images.shape == (10_000, 28, 28, 1)
    assert np.bincount(splits.validation.labels).tolist() == [592, 674, 596, 613, 584, 542, 592, 627, 585, 595]
