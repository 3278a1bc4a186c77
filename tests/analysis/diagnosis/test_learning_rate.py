import math

import pytest

from analysis.diagnosis.learning_rate import diverged, rate_too_high, rate_too_low
from tests.analysis.diagnosis.runs import DIGITS, points, run

EPOCHS = range(14)
CLIMBING = [2.0, 1.0, 0.6, 0.5, 0.6, 0.8, 1.0, 1.1, 1.2, 1.3, 1.4, 1.4, 1.5, 1.6]
JUMPING = [1.0 if epoch % 2 else 0.3 for epoch in EPOCHS]
SMOOTH = [0.3 + math.exp(-epoch / 2) for epoch in EPOCHS]
CREEPING = [2.3 - 0.005 * epoch for epoch in EPOCHS]


def with_rate(rate, epochs=14, **training):
    return {**DIGITS, "training": {"epochs": epochs, "optimizer": {"type": "Adam", "learning_rate": rate}, **training}}


def new_rate(finding):
    return finding.suggestion.patch["training"]["optimizer"]["learning_rate"]


def test_what_diverged_gets_a_tenth_of_the_rate():
    finding = diverged(run(points([5.0, None]), with_rate(0.5), failure="diverged", stop_reason=None))
    assert finding.evidence == {"epoch": 1, "learning_rate": 0.5}
    assert "In epoch 2 the loss grew beyond every number" in finding.sentence
    assert new_rate(finding) == 0.05
    assert diverged(run([], with_rate(0.5), failure="diverged")) is not None
    assert diverged(run(points([5.0, 4.0]), failure="killed")) is None


def test_raw_pixels_are_scaled_first():
    document = {**with_rate(0.5), "preprocessing": {"scale": "none"}}
    finding = diverged(run(points([None]), document, failure="diverged"))
    assert finding.suggestion.patch["preprocessing"] == {"scale": "unit"}


def test_a_climbing_loss_asks_for_a_tenth_and_a_jumping_one_for_a_third():
    assert new_rate(rate_too_high(run(points(CLIMBING), with_rate(0.1)))) == 0.01
    jumping = rate_too_high(run(points(SMOOTH, val_loss=JUMPING), with_rate(0.3)))
    assert new_rate(jumping) == 0.1
    assert "jumps by" in jumping.sentence


def test_a_network_that_is_stuck_far_above_the_usual_rate_gets_a_tenth_of_it():
    stuck = points([180.0, *[2.1, 2.0] * 6, 2.1], val_accuracy=[0.19] * 14)
    assert new_rate(rate_too_high(run(stuck, with_rate(0.3)))) == 0.03
    assert rate_too_high(run(stuck, with_rate(0.003))) is None
    good = points([180.0, *[2.1, 2.0] * 6, 2.1], val_accuracy=[0.9] * 14)
    assert rate_too_high(run(good, with_rate(0.3))) is None


@pytest.mark.parametrize(
    ("history", "why"),
    [
        (points(SMOOTH), "it falls"),
        (points(SMOOTH, val_loss=JUMPING, val_accuracy=[0.98] * 14), "only the loss jumps, no answer changes"),
        (points(SMOOTH, val_loss=CLIMBING), "this is over-fitting"),
        (points(CLIMBING[:4]), "too few epochs"),
        (points([*JUMPING[:7], *[0.3] * 7]), "it was so at the beginning only"),
    ],
)
def test_a_rate_that_fits_is_left_alone(history, why):
    assert rate_too_high(run(history, with_rate(0.01))) is None, why


CYCLE = {"type": "OneCycle", "max_learning_rate": 0.1}
RATES = [0.004, 0.02, 0.06, 0.1, 0.098, 0.09, 0.08, 0.065, 0.05, 0.035, 0.02, 0.01, 0.004, 0.0001]


@pytest.mark.parametrize("epochs", range(1, 15))
def test_a_cycle_s_large_rates_are_not_too_high(epochs):
    loss = [*CLIMBING[:9], 1.0, 0.8, 0.6, 0.5, 0.45]
    history = points(loss, val_loss=loss, learning_rate=RATES)[:epochs]
    assert rate_too_high(run(history, with_rate(CYCLE), has_ended=epochs == 14)) is None


def test_what_came_before_a_plateau_s_reduction_is_forgiven():
    rates = [0.1] * 8 + [0.01] * 6
    calm = [*CLIMBING[:8], *[0.4, 0.35, 0.34, 0.33, 0.33, 0.33]]
    document = with_rate(0.1, reduce_lr_on_plateau={})
    assert rate_too_high(run(points(calm, learning_rate=rates), document)) is None
    rough = [*CLIMBING[:8], *JUMPING[:6]]
    assert rate_too_high(run(points(rough, learning_rate=rates), document)).evidence["since_epoch"] == 8


def test_a_network_that_creeps_gets_a_higher_rate():
    finding = rate_too_low(run(points(CREEPING), with_rate(1e-5)))
    assert new_rate(finding) == 1e-4
    assert "fell by 2.8% to 2.23" in finding.sentence
    assert new_rate(rate_too_low(run(points([2.3 - 0.03 * epoch for epoch in EPOCHS]), with_rate(1e-5)))) == 3e-5


@pytest.mark.parametrize(
    ("history", "rate", "has_ended"),
    [
        (points(SMOOTH), 1e-5, True),  # it has fallen much, and levelled off
        (points([2.3] * 14), 1e-5, True),  # it does not move
        (points(CREEPING, val_accuracy=[0.97] * 14), 1e-5, True),  # it knows nearly all
        (points(CREEPING), CYCLE, False),  # the rate is still to rise
        (points(CREEPING[:3]), 1e-5, True),
    ],
)
def test_no_higher_rate_is_asked_for_otherwise(history, rate, has_ended):
    assert rate_too_low(run(history, with_rate(rate), has_ended=has_ended)) is None


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
def test_a_schedule_is_scaled_as_a_whole(rate, changed):
    assert new_rate(diverged(run(points([None]), with_rate(rate), failure="diverged"))) == changed
