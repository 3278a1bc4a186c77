from typing import Any

import pytest

from analysis.split_counts import missing_class_warnings
from specs.dataset import Dataset
from specs.experiment import parse_spec


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
        (
            (400, 4),
            ["the validation split has no sample of `b`, whose metrics there are undefined; add samples, or give "],
        ),
        ((12, 12, 3), ["the test split has no sample of `c`"]),
        ((40, 40), []),
    ],
)
def test_class_missing_from_a_split_is_warned_of(counts: tuple[int, ...], said: list[str]) -> None:
    found = warnings(Dataset("own", (8, 8, 1), tuple("abc"[: len(counts)]), counts))
    assert len([each for each in found if "test" in each or "`b`" in each]) == len(said)
    for each in said:
        assert any(warning.startswith(each) for warning in found)


def test_official_splits_count_and_random_ones_do_not() -> None:
    own = Dataset("own", (8, 8, 1), ("a", "b"), (40, 40), (5, 0), validation_counts=(0, 5))
    assert [each[:50] for each in warnings(own)] == [
        "the validation split has no sample of `a`, whose m",
        "the test split has no sample of `b`, whose metrics",
    ]
    random = warnings(Dataset("own", (8, 8, 1), ("a", "b"), (400, 9)), stratify=False)
    assert random[0].startswith("the validation split is random and may have no sample of `b`")
    assert len(random) == 2


def test_advice_is_possible_for_a_class_of_one() -> None:
    found = warnings(Dataset("own", (8, 8, 1), ("a", "b"), (20, 1)))

    assert found
    assert all(warning.endswith("; add samples") for warning in found)
