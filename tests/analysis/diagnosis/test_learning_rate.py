import math
from typing import Any

import pytest

from analysis.diagnosis.diagnosis import diagnose
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.learning_rate import diverged, learning_rate_too_high, learning_rate_too_low
from models_store.experiments.points import Point
from tests.analysis.diagnosis.training_runs import DIGITS, patch_of, points, require, run

EPOCHS = range(14)
RISING = [2.0, 1.0, 0.6, 0.5, 0.6, 0.8, 1.0, 1.1, 1.2, 1.3, 1.4, 1.4, 1.5, 1.6]
ROUGH = [1.0 if epoch % 2 else 0.3 for epoch in EPOCHS]
SMOOTH = [0.3 + math.exp(-epoch / 2) for epoch in EPOCHS]
SLOW = [2.3 - 0.005 * epoch for epoch in EPOCHS]


def with_rate(rate: Any, epochs: int = 14, **training: Any) -> dict[str, Any]:
    return {**DIGITS, "training": {"epochs": epochs, "optimizer": {"type": "Adam", "learning_rate": rate}, **training}}


def new_rate(finding: Finding | None) -> Any:
    return patch_of(finding)["training"]["optimizer"]["learning_rate"]


def test_divergence_gets_a_tenth_of_the_rate() -> None:
    finding = require(diverged(run(points([5.0, None]), with_rate(0.5), failure="diverged", stop_reason=None)))
    assert finding.evidence == {"epoch": 1, "learning_rate": 0.5}
    assert "the loss was no longer finite in epoch 2" in finding.sentence
    assert new_rate(finding) == 0.05
    assert diverged(run([], with_rate(0.5), failure="diverged")) is not None
    assert diverged(run(points([5.0, 4.0]), failure="killed")) is None


def test_raw_pixels_are_scaled_first() -> None:
    document = {**with_rate(0.5), "preprocessing": {"scale": "none"}}
    finding = diverged(run(points([None]), document, failure="diverged"))
    assert patch_of(finding)["preprocessing"] == {"scale": "unit"}


def test_rising_loss_asks_for_less_than_a_rough_one() -> None:
    assert new_rate(learning_rate_too_high(run(points(RISING), with_rate(0.1)))) == 0.01
    jumping = require(learning_rate_too_high(run(points(SMOOTH, val_loss=ROUGH), with_rate(0.3))))
    assert new_rate(jumping) == 0.1
    assert "jumps by" in jumping.sentence


def test_stuck_far_above_the_default_gets_a_tenth() -> None:
    stuck = points([180.0, *[2.1, 2.0] * 6, 2.1], val_accuracy=[0.19] * 14)
    assert new_rate(learning_rate_too_high(run(stuck, with_rate(0.3)))) == 0.03
    assert learning_rate_too_high(run(stuck, with_rate(0.003))) is None
    good = points([180.0, *[2.1, 2.0] * 6, 2.1], val_accuracy=[0.9] * 14)
    assert learning_rate_too_high(run(good, with_rate(0.3))) is None


@pytest.mark.parametrize(
    ("history", "why"),
    [
        (points(SMOOTH), "it falls"),
        (points(SMOOTH, val_loss=ROUGH, val_accuracy=[0.98] * 14), "only the loss jumps, no answer changes"),
        (points(SMOOTH, val_loss=RISING), "this is overfitting"),
        (points(RISING[:4]), "too few epochs"),
        (points([*ROUGH[:7], *[0.3] * 7]), "it was rough at the beginning only"),
    ],
)
def test_suitable_rate_has_no_finding(history: list[Point], why: str) -> None:
    assert learning_rate_too_high(run(history, with_rate(0.01))) is None, why


CYCLE = {"type": "OneCycle", "max_learning_rate": 0.1}
RATES = [0.004, 0.02, 0.06, 0.1, 0.098, 0.09, 0.08, 0.065, 0.05, 0.035, 0.02, 0.01, 0.004, 0.0001]


@pytest.mark.parametrize("epochs", range(1, 15))
def test_large_rates_of_a_cycle_are_not_too_high(epochs: int) -> None:
    loss = [*RISING[:9], 1.0, 0.8, 0.6, 0.5, 0.45]
    history = points(loss, val_loss=loss, learning_rate=RATES)[:epochs]
    assert learning_rate_too_high(run(history, with_rate(CYCLE), has_ended=epochs == 14)) is None


def test_epochs_before_a_rate_reduction_do_not_count() -> None:
    rates = [0.1] * 8 + [0.01] * 6
    calm = [*RISING[:8], *[0.4, 0.35, 0.34, 0.33, 0.33, 0.33]]
    document = with_rate(0.1, reduce_lr_on_plateau={})
    assert learning_rate_too_high(run(points(calm, learning_rate=rates), document)) is None
    rough = [*RISING[:8], *ROUGH[:6]]
    finding = require(learning_rate_too_high(run(points(rough, learning_rate=rates), document)))
    assert finding.evidence["since_epoch"] == 8


def test_slow_progress_gets_a_higher_rate() -> None:
    finding = require(learning_rate_too_low(run(points(SLOW), with_rate(1e-5))))
    assert new_rate(finding) == 1e-4
    assert "falls steadily but slowly, by 2.8% to 2.23 in 14 epochs" in finding.sentence
    faster = run(points([2.3 - 0.03 * epoch for epoch in EPOCHS]), with_rate(1e-5))
    assert new_rate(learning_rate_too_low(faster)) == 3e-5


@pytest.mark.parametrize(
    ("history", "rate", "has_ended"),
    [
        (points(SMOOTH), 1e-5, True),  # it has fallen far, to a plateau
        (points([2.3] * 14), 1e-5, True),  # it does not move
        (points(SLOW, val_accuracy=[0.97] * 14), 1e-5, True),  # it is nearly always right
        (points(SLOW), CYCLE, False),  # the rate is still to rise
        (points(SLOW[:3]), 1e-5, True),
    ],
)
def test_other_curves_get_no_higher_rate(history: list[Point], rate: Any, has_ended: bool) -> None:
    assert learning_rate_too_low(run(history, with_rate(rate), has_ended=has_ended)) is None


@pytest.mark.parametrize(
    ("rate", "changed"),
    [
        (CYCLE, {"max_learning_rate": 0.01}),
        (
            {"type": "ExponentialDecay", "initial_learning_rate": 0.1, "decay_rate": 0.5},
            {"initial_learning_rate": 0.01},
        ),
        (
            {"type": "PolynomialDecay", "initial_learning_rate": 0.1, "end_learning_rate": 0.02},
            {"initial_learning_rate": 0.01, "end_learning_rate": 0.002},
        ),
        ({"type": "PiecewiseConstantDecay", "boundaries": [9], "values": [0.1, 0.02]}, {"values": [0.01, 0.002]}),
    ],
)
def test_schedule_is_scaled_as_a_whole(rate: dict[str, Any], changed: dict[str, Any]) -> None:
    assert new_rate(diverged(run(points([None]), with_rate(rate), failure="diverged"))) == {
        "type": rate["type"],
        **changed,
    }


def test_flat_loss_at_a_tiny_rate_is_slow() -> None:
    still = points([2.31, 2.3095, 2.31, 2.3098, 2.3097, 2.3096], accuracy=[0.13] * 6, val_accuracy=[0.12] * 6)
    tiny = {**DIGITS, "training": {"optimizer": {"type": "SGD", "learning_rate": 1e-6}}}
    finding = require(learning_rate_too_low(run(still, tiny)))
    assert "training loss does not move, and is 2.31 in 6 epochs" in finding.sentence
    assert [each.rule for each in diagnose(run(still, tiny)).items] == ["learning-rate-too-low"]
    assert learning_rate_too_low(run(still)) is None  # Adam's default is no tiny rate
