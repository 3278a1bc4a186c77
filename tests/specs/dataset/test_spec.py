import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from specs.dataset import DATASETS, BlobsSpec, Dataset, DatasetSpec, SplitSizes
from specs.document import parse_document
from specs.experiment import parse_spec
from tests.support.examples import examples


@pytest.mark.parametrize(
    ("document", "sizes"),
    [
        ({}, SplitSizes(1293, 144, 360)),
        ({"name": "digits", "split": {"test": 0.5, "validation": 0.5}}, SplitSizes(449, 449, 899)),
        ({"name": "mnist"}, SplitSizes(54000, 6000, 10000)),
        ({"name": "mnist", "split": {"test": "official"}}, SplitSizes(54000, 6000, 10000)),
        ({"name": "mnist", "split": {"test": 0.2}}, SplitSizes(50400, 5600, 14000)),
        ({"split": {"test": 0.0001, "stratify": False}}, SplitSizes(1616, 180, 1)),
        ({"name": "cifar100"}, SplitSizes(45000, 5000, 10000)),
        ({"name": "mnist", "classes": [0, 1, 7]}, SplitSizes(17037, 1893, 3143)),
        ({"name": "mnist", "limit_per_class": 100}, SplitSizes(900, 100, 10000)),
        (
            {"name": "mnist", "classes": [0, 7], "limit_per_class": 7000, "split": {"test": 0.5}},
            SplitSizes(6255, 696, 6952),
        ),
        ({"name": "blobs"}, SplitSizes(720, 80, 200)),
        ({"name": "blobs", "blobs": {"n_samples": 301, "centers": 7}}, SplitSizes(216, 24, 61)),
    ],
)
def test_split_sizes(document: dict[str, Any], sizes: SplitSizes) -> None:
    assert DatasetSpec.model_validate(document).split_sizes() == sizes
    assert sizes.total == DatasetSpec.model_validate(document).facts.samples


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.07, 0.333, 0.9])
def test_split_sizes_equal_scikit_learn(fraction: float) -> None:
    model_selection = pytest.importorskip("sklearn.model_selection")
    split = {"test": fraction, "validation": fraction}
    rest, test = model_selection.train_test_split(range(1797), test_size=fraction)
    training, validation = model_selection.train_test_split(rest, test_size=fraction)
    expected = SplitSizes(len(training), len(validation), len(test))
    assert DatasetSpec.model_validate({"split": split}).split_sizes() == expected


@pytest.mark.parametrize(("name", "test"), [("digits", 0.2), ("mnist", "official")])
def test_missing_test_split_is_filled_in(name: str, test: Any) -> None:
    assert DatasetSpec.model_validate({"name": name, "split": {"seed": 3}}).split.test == test


@pytest.mark.parametrize("share", [0, -0.1, 0.91, 1, 1e9, "0.2", "none", True, [0.2], float("nan")])
@pytest.mark.parametrize("split", ["test", "validation"])
def test_fraction_out_of_range_is_rejected(split: str, share: Any) -> None:
    with pytest.raises(ValidationError):
        DatasetSpec.model_validate({"split": {split: share}})


LEAVES = Dataset("leaves", None, ("ash", "oak"), (30, 20), (5, 5))
CONTEXT = {"datasets": {**DATASETS, "leaves": LEAVES}}


def test_uploaded_dataset_comes_from_context() -> None:
    spec = DatasetSpec.model_validate({"name": "leaves"}, context=CONTEXT)
    assert spec.facts is LEAVES
    assert spec.split_sizes() == SplitSizes(45, 5, 10)
    assert spec.split.test == "official"


def test_stored_spec_and_copy_are_equal() -> None:
    document = {"name": "leaves", "classes": [1, 0], "limit_per_class": 10}
    spec = DatasetSpec.model_validate(document, context=CONTEXT)
    assert DatasetSpec.model_validate(spec.model_dump(mode="json"), context=CONTEXT) == spec
    assert deepcopy(spec) == spec
    assert spec.model_copy().facts == spec.facts == Dataset("leaves", None, ("oak", "ash"), (10, 10), (5, 5))


def test_unknown_name_lists_uploaded_datasets() -> None:
    with pytest.raises(
        ValidationError, match=r"unknown dataset `leafs`; did you mean `leaves`\? known: .*blobs, leaves"
    ):
        DatasetSpec.model_validate({"name": "leafs"}, context=CONTEXT)
    with pytest.raises(ValidationError, match="unknown dataset `leaves`"):
        DatasetSpec.model_validate({"name": "leaves"})


def test_document_without_subsets_still_parses() -> None:
    stored = {"name": "mnist", "split": {"validation": 0.1, "test": "official", "stratify": True, "seed": 0}}
    assert DatasetSpec.model_validate(stored) == DatasetSpec.model_validate({"name": "mnist"})


def test_own_test_split_pools_official_one() -> None:
    spec = DatasetSpec.model_validate({"name": "fashion_mnist", "limit_per_class": 6500, "split": {"test": 0.2}})
    assert spec.facts.training_counts == (6500,) * 10
    assert spec.facts.test_counts == ()


def test_limit_keeps_official_test_split() -> None:
    facts = DatasetSpec.model_validate({"name": "cifar10", "limit_per_class": 10}).facts
    assert (facts.training_samples, facts.test_samples) == (100, 10_000)


def test_options_of_blobs_are_filled_in() -> None:
    spec = DatasetSpec.model_validate({"name": "blobs", "blobs": {"centers": 3}})
    assert spec.blobs == BlobsSpec(n_samples=1000, centers=3, cluster_std=2.0, random_state=2)
    assert spec.facts.classes == ("0", "1", "2")
    assert spec.facts.training_counts == (334, 333, 333)


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        ({"blobs": {"centers": 3}}, "options of the dataset blobs, but the dataset is digits"),
        ({"name": "blobs", "blobs": {"centers": 1}}, "greater than or equal to 2"),
        ({"name": "blobs", "classes": ["0", "4"]}, "unknown class `4`"),
        ({"limit_per_class": 0}, "greater than or equal to 1"),
        ({"name": "blobs", "split": {"test": "official"}}, "blobs has no official test split"),
        ({"limit_per_class": 2, "split": {"stratify": True}}, "holds out 4 of 20 samples, too few for 10 classes"),
        ({"classes": [0, 1], "limit_per_class": 1, "split": {"stratify": False}}, "leaves none of 2 samples"),
    ],
)
def test_incompatible_options_are_rejected(document: dict[str, Any], detail: str) -> None:
    with pytest.raises(ValidationError, match=detail):
        DatasetSpec.model_validate(document)


OWN = {"datasets": {"own": Dataset("own", None, ("a", "b"), (30, 20), (5, 5), validation_counts=(4, 6))}}


@pytest.mark.parametrize(
    ("split", "sizes"),
    [
        ({}, SplitSizes(50, 10, 10)),
        ({"validation": "official", "test": 0.5}, SplitSizes(30, 10, 30)),
        ({"validation": 0.5}, SplitSizes(30, 30, 10)),
        ({"validation": 0.5, "test": 0.5}, SplitSizes(17, 18, 35)),
    ],
)
def test_own_validation_split_is_official_by_default(split: dict[str, Any], sizes: SplitSizes) -> None:
    spec = DatasetSpec.model_validate({"name": "own", "split": split}, context=OWN)
    assert spec.split_sizes() == sizes
    assert sizes.total == spec.facts.samples == 70
    assert spec.split.validation == split.get("validation", "official")


def test_official_splits_need_no_samples_to_cut() -> None:
    few = {"datasets": {"few": Dataset("few", None, ("a", "b"), (1, 9), (1, 0), validation_counts=(1, 1))}}
    assert DatasetSpec.model_validate({"name": "few"}, context=few).split_sizes() == SplitSizes(10, 2, 1)
    with pytest.raises(ValidationError, match="mnist has no official validation split; give a fraction"):
        DatasetSpec.model_validate({"name": "mnist", "split": {"validation": "official"}})


ODD = Dataset("odd", None, ("a", "b", "c"), (50, 50, 50), (0, 0, 5), validation_counts=(0, 0, 7))


@pytest.mark.parametrize("split", ["test", "validation"])
def test_official_split_without_classes_is_named(split: str) -> None:
    document = {"name": "odd", "classes": ["a", "b"], "split": {split: "official"}}
    with pytest.raises(ValidationError, match=f"the official {split} split has no samples of these classes") as caught:
        DatasetSpec.model_validate(document, context={"datasets": {"odd": ODD}})
    assert f"or set `{split}` to null" in str(caught.value)
    document["split"] = {split: None}
    assert DatasetSpec.model_validate(document, context={"datasets": {"odd": ODD}}).split_sizes().total == 100


def test_official_split_is_default_for_its_classes() -> None:
    def split_of(*classes: str) -> tuple[Any, Any]:
        spec = DatasetSpec.model_validate({"name": "odd", "classes": classes}, context={"datasets": {"odd": ODD}})
        return spec.split.test, spec.split.validation

    assert split_of("a", "b") == (0.2, 0.1)
    assert split_of("c", "a") == ("official", "official")


def test_class_too_small_for_splits_is_named() -> None:
    scarce = {"datasets": {"scarce": Dataset("scarce", None, ("many", "one"), (50, 1))}}
    with pytest.raises(ValidationError, match="class `one` has 1 sample, too few for every split"):
        DatasetSpec.model_validate({"name": "scarce", "split": {"stratify": True}}, context=scarce)
    lenient = DatasetSpec.model_validate({"name": "scarce", "split": {"stratify": False}}, context=scarce)
    assert lenient.split_sizes().total == 51


def test_examples_in_documentation_are_valid() -> None:
    text = (Path(__file__).parents[3] / "docs" / "datasets.md").read_text()
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(examples) >= 3
    corrections = replace(
        DATASETS["mnist"], name="mnist-corrections", training_counts=(290, 0, 1, *[0] * 7), test_counts=()
    )
    datasets = {**DATASETS, corrections.name: corrections}
    for example in examples:
        document = {"model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}, **parse_document(example.encode())}
        assert parse_spec(document, datasets).dataset.split_sizes().total > 0


def small(counts: tuple[int, ...], **options: Any) -> DatasetSpec:
    dataset = Dataset("small", None, tuple(map(str, range(len(counts)))), counts)
    return DatasetSpec.model_validate({"name": "small", **options}, context={"datasets": {"small": dataset}})


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((12, 24), (0.2, 0.1, True)),
        ((10,) * 6, (0.2, 0.125, True)),
        ((4,) * 6, (0.25, 0.334, True)),
        ((5, 1), (0.2, 0.1, False)),
        ((1, 1, 1), (0.2, 0.1, False)),
    ],
)
def test_default_split_suits_small_datasets(counts: tuple[int, ...], expected: tuple[float, float, bool]) -> None:
    split = small(counts).split

    assert (split.test, split.validation, split.stratify) == expected


def test_given_fraction_is_not_changed() -> None:
    with pytest.raises(ValidationError, match="holds out 5 of 60 samples, too few for 6 classes; give a fraction such"):
        small((10,) * 6, split={"validation": 0.1})


@given(
    st.lists(st.integers(1, 30), min_size=2, max_size=6),
    st.fixed_dictionaries({}, optional={"test": st.floats(0.05, 0.9), "validation": st.floats(0.05, 0.9)}),
)
@settings(max_examples=examples(300), deadline=None, derandomize=True)
def test_advice_about_split_helps(counts: list[int], options: dict[str, float]) -> None:
    split = {"stratify": True, **options}
    try:
        small(tuple(counts), split=split)
    except ValidationError as error:
        details = error.errors()[0]["ctx"]["error"]
    else:
        return
    fraction = re.search(r"give a fraction such as ([0-9.]+)", details.detail)
    if fraction:
        small(tuple(counts), split={**split, details.path[-1]: float(fraction[1])})
    if "set stratify to false" in details.detail:
        small(tuple(counts), split={**split, "stratify": False})
    joint = re.search("; set ([^;]+)", details.detail)
    if joint and " to 0." in joint[1]:
        pairs = re.findall(r"(test|validation|stratify) to ([0-9.]+|false)", joint[1])
        small(tuple(counts), split={**split, **{name: value != "false" and float(value) for name, value in pairs}})
    assert re.search("give a fraction|stratify to false|set (test|validation) to|add samples", details.detail)


@pytest.mark.parametrize(
    ("document", "advice"),
    [
        ({"limit_per_class": 2, "split": {"stratify": True}}, "raise limit_per_class to 4"),
        ({"classes": [0, 1], "limit_per_class": 1}, "raise limit_per_class to 2"),
        (
            {"name": "blobs", "blobs": {"n_samples": 3, "centers": 2}, "split": {"stratify": True}},
            "raise blobs.n_samples to",
        ),
        ({"name": "blobs", "blobs": {"n_samples": 2, "centers": 2}}, "raise blobs.n_samples to 4"),
        ({"limit_per_class": 2, "split": {"test": 0.9, "validation": 0.9}}, "raise limit_per_class to"),
    ],
)
def test_advice_names_what_bounds_the_samples(document: dict[str, Any], advice: str) -> None:
    with pytest.raises(ValidationError) as error:
        DatasetSpec.model_validate(document)
    assert advice in str(error.value)
    assert "add samples" not in str(error.value)


def test_fractions_that_leave_nothing_are_named() -> None:
    split = {"test": 0.9, "validation": 0.9}
    with pytest.raises(
        ValidationError, match=r"leaves none of 9 samples for training; set test to 0.\d+ and validation"
    ):
        small((4, 5), split=split)


@given(st.lists(st.integers(1, 30), min_size=2, max_size=6))
@settings(max_examples=examples(200), deadline=None, derandomize=True)
def test_defaults_suit_all_that_can_be_trained(counts: list[int]) -> None:
    sizes = small((*counts, 1)).split_sizes()

    assert min(sizes.training, sizes.validation, sizes.test) >= 1
