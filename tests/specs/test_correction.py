from typing import Any

import pytest

from specs.correction import parse_correction
from specs.dataset import DATASETS
from specs.errors import SpecError


def test_class_name_is_accepted() -> None:
    assert parse_correction({"label": "7"}, DATASETS["mnist"]).label == "7"
    assert parse_correction({"label": "Ankle boot"}, DATASETS["fashion_mnist"]).label == "Ankle boot"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"label": "trukc"}, "/label: unknown class `trukc`; did you mean `truck`? cifar10 has: airplane, "),
        ({"label": 7}, '/label: expected a string, received 7, which is no string; write it in quotes: "7"'),
        ({"label": None}, "/label: expected a string"),
        ({}, "label"),
        ({"lable": "cat"}, "did you mean `label`?"),
        ([], "expected"),
    ],
)
def test_invalid_label_is_rejected(document: Any, said: str) -> None:
    with pytest.raises(SpecError) as rejection:
        parse_correction(document, DATASETS["cifar10"])
    assert said in str(rejection.value)
