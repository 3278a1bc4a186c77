from typing import Any

import pytest

from specs.dataset import DATASETS
from specs.errors import SpecError
from specs.evaluation import misfit, parse_evaluation


def test_all_of_a_data_set_unless_a_part_is_named() -> None:
    assert parse_evaluation({"dataset": "mnist"}, DATASETS).part == "all"
    spec = parse_evaluation({"dataset": "mnist", "part": "test"}, DATASETS)
    assert (spec.part, spec.facts) == ("test", DATASETS["mnist"])


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"dataset": "digits", "part": "test"}, "/part: digits has no official test part"),
        ({"dataset": "nmist"}, "/dataset: unknown data set `nmist`; did you mean `mnist`?"),
        ([], "expected"),
    ],
)
def test_what_cannot_be_is_refused(document: Any, said: str) -> None:
    with pytest.raises(SpecError) as refusal:
        parse_evaluation(document, DATASETS)
    assert said in str(refusal.value)


def test_classes_are_matched_by_name_in_any_order() -> None:
    reversed_digits = tuple(reversed("0123456789"))
    assert misfit(DATASETS["mnist"], ("none", *reversed_digits), takes_pictures=True) is None
    few = misfit(DATASETS["mnist"], ("0", "1"), takes_pictures=True)
    assert few is not None
    assert "does not know 8 of the 10 classes of mnist: 2, 3, 4" in few
    many = misfit(DATASETS["cifar100"], DATASETS["mnist"].classes, takes_pictures=True)
    assert many is not None
    assert "and 80 more; it knows: 0, 1, 2" in many


def test_numbers_are_no_pictures() -> None:
    assert "are numbers, and the network takes pictures" in (misfit(DATASETS["blobs"], "0123", True) or "")
    assert "are pictures, and the network takes numbers" in (misfit(DATASETS["digits"], "0123", False) or "")
