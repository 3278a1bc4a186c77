"""Datasets whose samples join the training split of another one."""

from typing import Any

import pytest

from specs.dataset import DATASETS, Dataset
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec

DIGITS = tuple("0123456789")
CORRECTIONS = Dataset("mnist-corrections", (28, 28, 1), DIGITS, (0, 5, 5, 0, 0, 0, 0, 0, 0, 3))
LETTERS = Dataset("letters", None, ("7", "a", "b"), (4, 4, 4), (1, 1, 1))
EMPTY_CLASSES = Dataset("sevens", None, ("7", "a"), (4, 0))
KNOWN = {**DATASETS, **{each.name: each for each in (CORRECTIONS, LETTERS, EMPTY_CLASSES)}}


def spec_of(**dataset: Any) -> ExperimentSpec:
    document = {"dataset": {"name": "mnist", **dataset}, "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}}
    return parse_spec(document, KNOWN)


def test_added_samples_join_the_training_split_alone() -> None:
    alone, combined = spec_of(), spec_of(add=["mnist-corrections"])
    sizes, more = alone.dataset.split_sizes(), combined.dataset.split_sizes()
    assert (more.training, more.validation, more.test) == (sizes.training + 13, sizes.validation, sizes.test)
    assert combined.dataset.names == ("mnist", "mnist-corrections")
    assert combined.dataset.facts == alone.dataset.facts
    assert combined.document()["dataset"]["add"] == [{"name": "mnist-corrections", "limit_per_class": None}]
    assert parse_spec(combined.document(), KNOWN) == combined


@pytest.mark.parametrize(
    ("dataset", "counts"),
    [
        ({"add": [{"name": "mnist-corrections", "limit_per_class": 4}]}, (0, 4, 4, 0, 0, 0, 0, 0, 0, 3)),
        ({"classes": ["9", "1"], "add": ["mnist-corrections"]}, (3, 5)),
        ({"add": ["sevens"]}, (0, 0, 0, 0, 0, 0, 0, 4, 0, 0)),
        ({"add": ["digits"], "limit_per_class": 10}, DATASETS["digits"].training_counts),
    ],
)
def test_added_samples_are_counted_by_class(dataset: dict[str, Any], counts: tuple[int, ...]) -> None:
    [added] = spec_of(**dataset).dataset.added
    assert added.training_counts == counts


@pytest.mark.parametrize(
    ("dataset", "pointer", "detail"),
    [
        ({"add": ["mnist-correction"]}, "/dataset/add/0/name", "did you mean `mnist-corrections`?"),
        ({"add": ["mnist"]}, "/dataset/add/0/name", "name another one"),
        ({"add": ["blobs"]}, "/dataset/add/0/name", "only images can be combined"),
        ({"add": ["sevens", "letters"]}, "/dataset/add/1/name", "samples of a, b, which are not classes of mnist"),
        ({"add": ["sevens", "sevens"]}, "/dataset/add/1/name", "already in the list"),
        ({"classes": ["1", "2"], "add": ["sevens"]}, "/dataset/add/0/name", "no samples of the classes"),
        ({"add": [{"name": "sevens", "limit_per_class": 0}]}, "/dataset/add/0/limit_per_class", "0"),
        ({"add": [{"name": "sevens", "limit": 3}]}, "/dataset/add/0/limit", "unknown field"),
        ({"add": "sevens"}, "/dataset/add", "list"),
        ({"add": [7]}, "/dataset/add/0", "7"),
    ],
)
def test_unfit_additions_are_rejected(dataset: dict[str, Any], pointer: str, detail: str) -> None:
    with pytest.raises(SpecError) as caught:
        spec_of(**dataset)
    [problem] = caught.value.problems
    assert problem.pointer == pointer
    assert detail in str([problem.detail, problem.received])
