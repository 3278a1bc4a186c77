from typing import Any

import pytest

from analysis.split_counts import missing_class_warnings
from specs.dataset import DATASETS, Dataset
from specs.experiment import parse_spec

OFFICIAL = Dataset("own", (8, 8, 1), ("a", "b"), (40, 40), (5, 0), validation_counts=(0, 5))


def missing(split: str, name: str) -> str:
    return f"the {split} split has no sample of `{name}`, whose metrics there are undefined; add samples"


def warnings(facts: Dataset, **split: Any) -> list[str]:
    document = {
        "dataset": {"name": "own", "split": split},
        "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]},
        "training": {"batch_size": 2},
    }
    return list(missing_class_warnings(parse_spec(document, {"own": facts})))


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((400, 4), [f"{missing('validation', 'b')}, or give split.validation a larger share"]),
        ((12, 12, 3), [f"{missing('test', 'c')}, or give split.test a larger share"]),
        ((40, 40), []),
    ],
)
def test_class_missing_from_a_split_is_warned_of(counts: tuple[int, ...], said: list[str]) -> None:
    found = warnings(Dataset("own", (8, 8, 1), tuple("abc"[: len(counts)]), counts))
    assert found == said


def test_official_splits_count_and_random_ones_do_not() -> None:
    assert warnings(OFFICIAL) == [
        f"{missing('validation', 'a')}, or set split.validation to a share",
        f"{missing('test', 'b')}, or set split.test to a share",
    ]
    assert warnings(Dataset("own", (8, 8, 1), ("a", "b"), (400, 9)), stratify=False) == [
        f"the {split} split is random and may have no sample of `b`; set split.stratify to true, or add samples"
        for split in ("validation", "test")
    ]


def test_official_split_set_to_a_share_has_all_classes() -> None:
    assert warnings(OFFICIAL, test=0.2) == [f"{missing('validation', 'a')}, or set split.validation to a share"]
    assert warnings(OFFICIAL, test=0.2, validation=0.2) == []


def test_advice_is_possible_for_a_class_of_one() -> None:
    found = warnings(Dataset("own", (8, 8, 1), ("a", "b"), (20, 1)))

    assert found == [
        f"the {split} split is random and may have no sample of {names}; add samples"
        for split, names in (("training", "`b`"), ("validation", "`a`, `b`"), ("test", "`b`"))
    ]


@pytest.mark.parametrize(
    ("dataset", "advice"),
    [
        ({"name": "digits", "limit_per_class": 2}, "raise limit_per_class"),
        ({"name": "blobs", "blobs": {"n_samples": 3}}, "raise blobs.n_samples"),
        ({"name": "own", "limit_per_class": 2, "classes": ["a", "b"]}, "; raise limit_per_class"),
        (
            {"name": "own", "limit_per_class": 12, "split": {"stratify": False}},
            "; set split.stratify to true, or raise limit_per_class",
        ),
    ],
)
def test_advice_names_what_was_set(dataset: dict[str, Any], advice: str) -> None:
    layers = [{"type": "Dense"}] if dataset["name"] == "blobs" else [{"type": "Flatten"}, {"type": "Dense"}]
    own = Dataset("own", (8, 8, 1), ("a", "b", "c"), (40, 40, 40))
    spec = parse_spec(
        {"dataset": dataset, "model": {"layers": layers}, "training": {"batch_size": 1}}, {**DATASETS, "own": own}
    )
    found = list(missing_class_warnings(spec))

    assert found
    assert all(advice in warning and "add samples" not in warning for warning in found)
