from typing import Any

import pytest

from specs.dataset import DATASETS
from specs.errors import SpecError
from specs.evaluation import incompatibility, parse_evaluation


def test_split_defaults_to_all_samples() -> None:
    assert parse_evaluation({"dataset": "mnist"}, DATASETS).split == "all"
    spec = parse_evaluation({"dataset": "mnist", "split": "test"}, DATASETS)
    assert (spec.split, spec.facts) == ("test", DATASETS["mnist"])


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"dataset": "digits", "split": "test"}, "/split: digits has no official test split"),
        ({"dataset": "digits", "split": "validation"}, "/split: digits has no official validation split"),
        ({"dataset": "nmist"}, "/dataset: unknown dataset `nmist`; did you mean `mnist`?"),
        ([], "expected"),
    ],
)
def test_invalid_request_is_rejected(document: Any, said: str) -> None:
    with pytest.raises(SpecError) as rejection:
        parse_evaluation(document, DATASETS)
    assert said in str(rejection.value)


def test_classes_match_by_name_in_any_order() -> None:
    reversed_digits = tuple(reversed("0123456789"))
    assert incompatibility(DATASETS["mnist"], ("none", *reversed_digits), takes_images=True) is None
    few = incompatibility(DATASETS["mnist"], ("0", "1"), takes_images=True)
    assert few is not None
    assert "does not know 8 of the 10 classes of mnist: 2, 3, 4" in few
    many = incompatibility(DATASETS["cifar100"], DATASETS["mnist"].classes, takes_images=True)
    assert many is not None
    assert "and 80 more; it knows 0, 1, 2" in many


def test_features_and_images_are_incompatible() -> None:
    assert "are features, but the network expects images" in (incompatibility(DATASETS["blobs"], "0123", True) or "")
    assert "are images, but the network expects features" in (incompatibility(DATASETS["digits"], "0123", False) or "")
