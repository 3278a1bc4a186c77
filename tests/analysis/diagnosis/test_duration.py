import math

import pytest

from analysis.diagnosis.duration import not_converged, too_many_epochs
from tests.analysis.diagnosis.runs import DIGITS, points, run

STEEP = [2.0 * math.exp(-epoch / 8) for epoch in range(10)]


def with_training(**fields):
    return {**DIGITS, "training": fields}


def test_what_still_falls_gets_twice_the_epochs():
    finding = not_converged(run(points(STEEP), with_training(epochs=10)))
    assert finding.suggestion.patch["training"] == {"epochs": 20}
    assert "Train for 20 epochs." in finding.suggestion.sentence


def test_what_ran_out_of_time_gets_more_time():
    document = with_training(epochs=100, max_minutes=2)
    finding = not_converged(run(points(STEEP), document, stop_reason="time_budget"))
    assert finding.suggestion.patch["training"] == {"max_minutes": 4}


def test_nothing_is_suggested_above_the_caps():
    assert not_converged(run(points(STEEP), with_training(epochs=10_000))).suggestion is None


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        (STEEP, {"has_ended": False, "stop_reason": None}),
        (STEEP, {"stop_reason": "early_stopping"}),
        ([0.3 + each for each in STEEP[::-1]], {}),
        ([0.3 + 0.7**epoch for epoch in range(20)], {}),  # level for long
        ([0.01 * 0.8**epoch for epoch in range(10)], {}),  # hardly anything left to gain
        (STEEP[:3], {}),
    ],
)
def test_no_more_epochs_are_asked_for_where_they_would_not_help(values, fields):
    assert not_converged(run(points(values), **fields)) is None


def test_the_end_of_a_cycle_falls_by_design():
    cycle = with_training(optimizer={"type": "Adam", "learning_rate": {"type": "OneCycle", "max_learning_rate": 0.01}})
    rates = [0.001, 0.005, 0.01, 0.009, 0.007, 0.005, 0.003, 0.001, 0.0002, 0.0]
    assert not_converged(run(points(STEEP, learning_rate=rates), cycle)) is None
    assert not_converged(run(points(STEEP, learning_rate=[0.001] * 10), with_training(epochs=10))) is not None


FLAT = [*(1.0, 0.5, 0.2), *(0.1 for _ in range(17))]


def test_epochs_that_gained_nothing_are_saved():
    finding = too_many_epochs(run(points(FLAT), with_training(epochs=20)))
    epochs = finding.suggestion.patch["training"]["epochs"]
    assert 5 <= epochs <= 10
    assert f"Train for {epochs} epochs." in finding.suggestion.sentence


def test_epochs_in_which_mistakes_became_fewer_are_not_too_many():
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
def test_epochs_that_are_needed_are_not_too_many(values, fields):
    assert too_many_epochs(run(points(values), **fields)) is None
