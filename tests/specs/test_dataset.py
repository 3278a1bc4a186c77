from typing import get_args

import pytest
from pydantic import ValidationError

from specs.dataset import DATASETS, DatasetName, DatasetSpec, PartSizes


def test_every_name_has_its_facts():
    assert get_args(DatasetName) == tuple(DATASETS)
    assert all(dataset.name == name for name, dataset in DATASETS.items())


@pytest.mark.parametrize(
    ("document", "sizes"),
    [
        ({}, PartSizes(1293, 144, 360)),
        ({"name": "digits", "split": {"test": 0.5, "validation": 0.5}}, PartSizes(449, 449, 899)),
        ({"name": "mnist"}, PartSizes(54000, 6000, 10000)),
        ({"name": "mnist", "split": {"test": "official"}}, PartSizes(54000, 6000, 10000)),
        ({"name": "mnist", "split": {"test": 0.2}}, PartSizes(50400, 5600, 14000)),
        ({"split": {"test": 0.0001, "stratify": False}}, PartSizes(1616, 180, 1)),
    ],
)
def test_part_sizes(document, sizes):
    assert DatasetSpec.model_validate(document).part_sizes() == sizes
    assert sizes.total == DatasetSpec.model_validate(document).facts.samples


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.07, 0.333, 0.9])
def test_parts_are_cut_as_scikit_learn_cuts_them(fraction):
    model_selection = pytest.importorskip("sklearn.model_selection")
    split = {"test": fraction, "validation": fraction}
    rest, test = model_selection.train_test_split(range(1797), test_size=fraction)
    training, validation = model_selection.train_test_split(rest, test_size=fraction)
    expected = PartSizes(len(training), len(validation), len(test))
    assert DatasetSpec.model_validate({"split": split}).part_sizes() == expected


@pytest.mark.parametrize(("name", "test"), [("digits", 0.2), ("mnist", "official")])
def test_the_test_part_is_filled_in(name, test):
    assert DatasetSpec.model_validate({"name": name, "split": {"seed": 3}}).split.test == test


@pytest.mark.parametrize("share", [0, -0.1, 0.91, 1, 1e9, "0.2", "none", True, [0.2], float("nan")])
@pytest.mark.parametrize("part", ["test", "validation"])
def test_a_share_is_above_0_and_at_most_nine_tenths(part, share):
    with pytest.raises(ValidationError):
        DatasetSpec.model_validate({"split": {part: share}})
