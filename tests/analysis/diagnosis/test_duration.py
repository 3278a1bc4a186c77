import math
from typing import Any

import pytest

from analysis.diagnosis.duration import not_converged, too_many_epochs
from tests.analysis.diagnosis.training_runs import DIGITS, patch_of, points, require, run

STEEP = [2.0 * math.exp(-epoch / 8) for epoch in range(10)]


def with_training(**fields: Any) -> dict[str, Any]:
    return {**DIGITS, "training": fields}


def test_falling_loss_gets_twice_the_epochs() -> None:
    suggestion = require(not_converged(run(points(STEEP), with_training(epochs=10)))).suggestion
    assert suggestion is not None
    assert suggestion.patch["training"] == {"epochs": 20}
    assert suggestion.sentence == "Train for 20 epochs."


def test_spent_time_budget_gets_more_time() -> None:
    document = with_training(epochs=100, max_minutes=2)
    finding = not_converged(run(points(STEEP), document, stop_reason="time_budget"))
    assert patch_of(finding)["training"] == {"max_minutes": 4}


def test_nothing_is_suggested_above_the_limits() -> None:
    assert require(not_converged(run(points(STEEP), with_training(epochs=10_000)))).suggestion is None


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        (STEEP, {"has_ended": False, "stop_reason": None}),
        (STEEP, {"stop_reason": "early_stopping"}),
        ([0.3 + each for each in STEEP[::-1]], {}),
        ([0.3 + 0.7**epoch for epoch in range(20)], {}),  # long since at a plateau
        ([0.01 * 0.8**epoch for epoch in range(10)], {}),  # hardly anything left to gain
        (STEEP[:3], {}),
    ],
)
def test_more_epochs_are_not_suggested_without_benefit(values: list[float], fields: dict[str, Any]) -> None:
    assert not_converged(run(points(values), **fields)) is None


def test_falling_loss_at_end_of_cycle_is_expected() -> None:
    cycle = with_training(optimizer={"type": "Adam", "learning_rate": {"type": "OneCycle", "max_learning_rate": 0.01}})
    rates = [0.001, 0.005, 0.01, 0.009, 0.007, 0.005, 0.003, 0.001, 0.0002, 0.0]
    assert not_converged(run(points(STEEP, learning_rate=rates), cycle)) is None
    assert not_converged(run(points(STEEP, learning_rate=[0.001] * 10), with_training(epochs=10))) is not None


FLAT = [*(1.0, 0.5, 0.2), *(0.1 for _ in range(17))]


def test_epochs_without_improvement_are_too_many() -> None:
    suggestion = require(too_many_epochs(run(points(FLAT), with_training(epochs=20)))).suggestion
    assert suggestion is not None
    epochs = suggestion.patch["training"]["epochs"]
    assert 5 <= epochs <= 10
    assert suggestion.sentence == f"Train for {epochs} epochs."


def test_epochs_with_fewer_errors_are_not_too_many() -> None:
    rising = [0.9 + 0.004 * epoch for epoch in range(20)]
    assert too_many_epochs(run(points(FLAT, val_accuracy=rising))) is None
    assert too_many_epochs(run(points(FLAT, val_accuracy=[0.9] * 20))) is not None


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        (FLAT, {"has_ended": False, "stop_reason": None}),
        (FLAT, {"stop_reason": "early_stopping"}),
        (FLAT[:8], {}),
        ([2 * 0.9**epoch for epoch in range(30)], {}),
    ],
)
def test_needed_epochs_are_not_too_many(values: list[float], fields: dict[str, Any]) -> None:
    assert too_many_epochs(run(points(values), **fields)) is None
