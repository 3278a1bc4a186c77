from typing import Any

import pytest

from analysis.comparison.json_patch import diff
from analysis.comparison.sentences import describe_accuracies, describe_changes, verdict
from analysis.comparison.significance import Interval, difference_interval, mcnemar

CASES = [
    (
        (41, 10, 0.0031, 0.0312, 0.0021),
        (
            "B is better than A by 3.10 points, 95 % interval 0.31 to 3.12, p = 0.0021; "
            "it fixed 41 of A's errors and regressed on 10 samples"
        ),
    ),
    (
        (0, 9, -0.0149, -0.0031, 0.00391),
        (
            "B is worse than A by 0.90 points, 95 % interval 0.31 to 1.49, p = 0.0039; "
            "it fixed none of A's errors and regressed on 9 samples"
        ),
    ),
    (
        (1_200, 1, 0.9, 1.3, 1e-30),
        (
            "B is better than A by 119.90 points, 95 % interval 90.00 to 130.00, p < 0.001; "
            "it fixed 1,200 of A's errors and regressed on 1 sample"
        ),
    ),
    (
        (3, 1, -0.002, 0.006, 0.625),
        (
            "no significant difference: B is 0.20 points above A, 95 % interval -0.20 to 0.60, p = 0.625; "
            "it fixed 3 of A's errors and regressed on 1 sample"
        ),
    ),
    (
        (1, 3, -0.006, 0.002, 0.625),
        (
            "no significant difference: B is 0.20 points below A, 95 % interval -0.20 to 0.60, p = 0.625; "
            "it fixed 1 of A's errors and regressed on 3 samples"
        ),
    ),
    (
        (1, 0, 0.0, 0.003, 1.0),
        (
            "no significant difference: B is 0.10 points above A, 95 % interval 0.00 to 0.30, p = 1; "
            "it fixed 1 of A's errors and regressed on none"
        ),
    ),
    (
        (5, 0, 0.001, 0.009, 0.0625),
        (
            "no significant difference by McNemar's test, which is stricter than the interval: "
            "B is 0.50 points above A, 95 % interval 0.10 to 0.90, p = 0.0625; "
            "it fixed 5 of A's errors and regressed on none"
        ),
    ),
    (
        (0, 5, -0.009, -0.001, 0.0625),
        (
            "no significant difference by McNemar's test, which is stricter than the interval: "
            "B is 0.50 points below A, 95 % interval 0.10 to 0.90, p = 0.0625; "
            "it fixed none of A's errors and regressed on 5 samples"
        ),
    ),
    (
        (2, 2, -0.004, 0.004, 1.0),
        (
            "no significant difference: B is level with A, 95 % interval -0.40 to 0.40, p = 1; "
            "it fixed 2 of A's errors and regressed on 2 samples"
        ),
    ),
    ((0, 0, 0.0, 0.0, 1.0), "no significant difference: B is right and wrong about the same samples as A"),
]


@pytest.mark.parametrize(("counts", "sentence"), CASES)
def test_verdict_has_difference_interval_p_and_flips(
    counts: tuple[int, int, float, float, float], sentence: str
) -> None:
    fixed, regressed, low, high, p = counts
    assert verdict("A", "B", fixed, regressed, 1_000, Interval(low, high), p) == sentence


@pytest.mark.parametrize("samples", [50, 1_000])
def test_significant_interval_leaves_out_zero(samples: int) -> None:
    """The other way round the two never disagree, so that a verdict needs no words for it."""
    for fixed in range(6, 41):
        regressed = max(each for each in range(fixed) if mcnemar(fixed, each) < 0.05)
        if fixed + regressed <= samples:
            assert difference_interval(fixed, regressed, samples).low > 0, (fixed, regressed)


def test_interval_has_no_negative_zero() -> None:
    sentence = verdict("A", "B", 0, 1, 1_000, Interval(-0.003, 0.0), 1.0)
    assert "95 % interval 0.00 to 0.30" in sentence


CONV, DROPOUT = {"type": "Conv2D", "filters": 32}, {"type": "Dropout", "rate": 0.5}


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ({"training": {"epochs": 5}}, {"training": {"epochs": 12}}, "training.epochs: 5 -> 12"),
        ({"layers": [CONV]}, {"layers": [CONV, DROPOUT]}, "Dropout added at layers.1"),
        ({"layers": [CONV, DROPOUT]}, {"layers": [CONV]}, "Dropout removed from layers.1"),
        ({"layers": [CONV]}, {"layers": [DROPOUT]}, "layers.0: Conv2D -> Dropout"),
        ({"optimizer": {"type": "SGD"}}, {"optimizer": {"type": "Adam"}}, "optimizer: SGD -> Adam"),
        ({"augmentation": None}, {"augmentation": {"copies": 2}}, 'augmentation: none -> {"copies": 2}'),
        ({}, {"seed": 3, "loss": "auto"}, 'seed: none -> 3; loss: none -> "auto"'),
        ({"name": "a", "tags": ["x"], "notes": "", "based_on": None}, {"name": "b", "tags": []}, "nothing"),
        ({}, {}, "nothing"),
        (
            {str(number): 0 for number in range(11)},
            {str(number): 1 for number in range(11)},
            "; ".join(f"{number}: 0 -> 1" for number in range(8)) + "; and 3 more",
        ),
    ],
)
def test_changes_are_described_field_by_field(before: Any, after: Any, sentence: str) -> None:
    assert describe_changes(diff(before, after)) == sentence


def test_accuracies_are_listed_or_else_the_status() -> None:
    assert describe_accuracies(
        [(0.2347, "succeeded"), (0.5512, "succeeded"), (None, "running"), (1.0, "succeeded")]
    ) == ("23.5 % -> 55.1 % -> running -> 100.0 %")
