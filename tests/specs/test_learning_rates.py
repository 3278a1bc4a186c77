"""Learning rate schedules, compared with Keras and with the published formulas."""

import math
from typing import Any

import pytest

from specs.experiment import parse_spec
from specs.learning_rate_schedule import LearningRateSchedule

STEPS_PER_EPOCH = 10
EPOCHS = 6
STEPS = range(75)


def schedule(learning_rate: Any) -> LearningRateSchedule:
    training = {"optimizer": {"type": "SGD", "learning_rate": learning_rate}, "epochs": EPOCHS}
    spec = parse_spec({"model": {"preset": "digits-cnn"}, "training": training})
    return spec.training.learning_rate_schedule(STEPS_PER_EPOCH)


CURVES: list[tuple[str, dict[str, Any]]] = [
    ("PiecewiseConstantDecay", {"boundaries": [20, 45], "values": [0.1, 0.01, 0.001]}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 2.0, "staircase": True}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 50}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 50, "end_learning_rate": 0.02, "power": 0.5}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "power": 2.0, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 50}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 50, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 40, "warmup_target": 0.2, "warmup_steps": 15}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 40, "warmup_target": 0.2}),
]


@pytest.mark.parametrize(("name", "arguments"), CURVES)
def test_schedule_equals_keras(name: str, arguments: dict[str, Any]) -> None:
    import keras

    ours = schedule({"type": name, **arguments})
    theirs = getattr(keras.optimizers.schedules, name)(**arguments)
    assert [ours.at(step) for step in STEPS] == pytest.approx([float(theirs(step)) for step in STEPS], rel=1e-4)


@pytest.mark.parametrize(
    ("by_epochs", "by_steps"),
    [
        ({"decay_epochs": 2.5}, {"decay_steps": 25}),
        ({}, {"decay_steps": 60}),
        ({"warmup_target": 0.2, "warmup_epochs": 1}, {"warmup_target": 0.2, "warmup_steps": 10, "decay_steps": 50}),
        ({"warmup_target": 0.2, "warmup_epochs": 9}, {"warmup_target": 0.2, "warmup_steps": 90, "decay_steps": 1}),
    ],
)
def test_length_in_epochs_equals_length_in_steps(by_epochs: dict[str, Any], by_steps: dict[str, Any]) -> None:
    cosine = {"type": "CosineDecay", "initial_learning_rate": 0.1}
    first, second = schedule(cosine | by_epochs), schedule(cosine | by_steps)
    assert [first.at(step) for step in STEPS] == [second.at(step) for step in STEPS]


def test_boundaries_in_epochs_equal_those_in_steps() -> None:
    values = {"type": "PiecewiseConstantDecay", "values": [0.3, 0.2, 0.1]}
    first, second = (
        schedule(values | {"boundaries_epochs": [1, 2.5]}),
        schedule(values | {"boundaries": [10, 25]}),
    )
    assert [first.at(step) for step in STEPS] == [second.at(step) for step in STEPS]
    assert (first.at(10), first.at(11), first.at(26)) == (0.3, 0.2, 0.1)


@pytest.mark.parametrize("annealing", ["cosine", "linear"])
def test_one_cycle_follows_published_formula(annealing: str) -> None:
    # torch.optim.lr_scheduler.OneCycleLR with total_steps=60, pct_start=0.3: two phases, ending at steps 17 and 59
    curve = schedule({"type": "OneCycle", "max_learning_rate": 1.0, "annealing": annealing})

    def annealed(start: float, end: float, share: float) -> float:
        if annealing == "linear":
            return start + (end - start) * share
        return end + (start - end) / 2 * (1 + math.cos(math.pi * share))

    up = [annealed(1 / 25, 1.0, step / 17) for step in range(17)]
    down = [annealed(1.0, 1 / 25 / 1e4, (step - 17) / 42) for step in range(17, 60)]
    assert [curve.at(step) for step in range(60)] == pytest.approx(up + down)
    assert curve.at(60) == curve.at(1_000) == pytest.approx(4e-6)


@pytest.mark.parametrize("cycle", [{"cycle_steps": 1}, {"warmup_fraction": 0.0}, {"warmup_fraction": 1.0}])
def test_one_cycle_stays_within_bounds(cycle: dict[str, Any]) -> None:
    curve = schedule({"type": "OneCycle", "max_learning_rate": 1.0, **cycle})
    assert all(curve.at(step) * (1 + 1e-9) >= 4e-6 and curve.at(step) <= 1 for step in STEPS)


def test_constant_rate_is_same_at_every_step() -> None:
    assert {schedule(0.25).at(step) for step in STEPS} == {0.25}


@pytest.mark.parametrize(
    ("max_points", "steps"), [(1, [0]), (2, [0, 59]), (4, [0, 20, 39, 59]), (500, list(range(60)))]
)
def test_curve_spans_first_to_last_step(max_points: int, steps: list[int]) -> None:
    falling = schedule({"type": "PolynomialDecay", "initial_learning_rate": 1.0, "end_learning_rate": 0.0})

    assert falling.curve(max_points) == (steps, [falling.at(step) for step in steps])
