from typing import Any

import pytest

from specs.dataset import DATASETS, Dataset, DatasetSpec
from specs.dataset.selection import class_names
from specs.schema import FieldError

NUMBERED = Dataset("numbered", (8, 8, 1), ("10", "oak", "1"), (5, 5, 5))


def test_classes_by_name_and_index_keep_order() -> None:
    assert class_names(["dog", 3, "airplane"], DATASETS["cifar10"]) == ("dog", "cat", "airplane")


def test_index_of_digit_is_its_class() -> None:
    assert class_names([7, "0", 1], DATASETS["mnist"]) == ("7", "0", "1")


@pytest.mark.parametrize(
    ("selected", "path", "detail"),
    [
        (["cat", "dgo"], (1,), "unknown class `dgo`; did you mean `dog`? cifar10 has: airplane, "),
        (["cat", 10], (1,), "class index 10 is out of range; cifar10 has 0 to 9"),
        (["cat", -1], (1,), "class index -1 is out of range"),
        (["cat", "dog", 3], (2,), "`cat` is already in the list, at index 0"),
        (["cat", True], (1,), "expected the name of a class or its index, received true"),
        (["cat", 1.0], (1,), "received 1.0"),
        (["cat"], (), "expected at least 2 classes, received 1"),
        ([], (), "expected at least 2 classes, received 0"),
    ],
)
def test_invalid_selection_is_rejected_with_position(selected: list[Any], path: tuple[int, ...], detail: str) -> None:
    with pytest.raises(FieldError) as caught:
        class_names(selected, DATASETS["cifar10"])
    assert caught.value.path == path
    assert detail in caught.value.detail


def test_index_that_names_another_class_is_rejected() -> None:
    assert class_names(["1", 0], NUMBERED) == ("1", "10")
    with pytest.raises(FieldError, match='write "1" in quotes for the name') as caught:
        class_names(["10", 1], NUMBERED)
    assert 'or "oak" for the class with this index' in caught.value.detail


def test_many_classes_are_listed_in_part() -> None:
    with pytest.raises(FieldError, match=r"beetle, .* and 80 more"):
        class_names(["aple", "orange"], DATASETS["cifar100"])


def test_spec_stores_class_names() -> None:
    spec = DatasetSpec.model_validate({"name": "mnist", "classes": [0, 1, 7]})
    assert spec.classes == ("0", "1", "7")
    assert spec.facts.training_counts == (5_923, 6_742, 6_265)
    assert spec.source is DATASETS["mnist"]
