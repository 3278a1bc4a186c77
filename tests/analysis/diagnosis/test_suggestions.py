"""Suggested changes, applied to the documents that users write."""

from typing import Any

import pytest

from analysis.diagnosis import suggestions
from specs.experiment import ExperimentSpec, parse_spec
from specs.learning_rates import ExponentialDecay
from specs.merge_patch import merge_patch

DECAY = {"initial_learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.5}


def serialized(class_name: str, **config: Any) -> dict[str, Any]:
    return {"module": "keras.optimizers", "class_name": class_name, "config": config, "registered_name": None}


def document(**training: Any) -> dict[str, Any]:
    return {"model": {"preset": "digits-cnn"}, "training": training}


def changed(written: dict[str, Any], change: suggestions.Change | None) -> ExperimentSpec:
    """By the patch of what the user wrote, which is the same as of the spec with all defaults."""
    assert change is not None
    patched = parse_spec(merge_patch(written, change))
    assert parse_spec(merge_patch(parse_spec(written).document(), change)) == patched
    return patched


@pytest.mark.parametrize(
    ("training", "rate"),
    [
        ({}, 0.001),
        ({"optimizer": "sgd"}, 0.01),
        ({"optimizer": {"type": "rms_prop"}}, 0.001),
        ({"optimizer": serialized("SGD", learning_rate=0.5, momentum=0.5)}, 0.5),
    ],
)
def test_learning_rate_of_any_spelling_is_scaled(training: dict[str, Any], rate: float) -> None:
    written = document(**training)
    change = suggestions.scale_learning_rate(parse_spec(written), 0.1)

    assert changed(written, change).training.optimizer.peak_learning_rate == pytest.approx(rate / 10)


@pytest.mark.parametrize(
    "learning_rate",
    [
        {"type": "ExponentialDecay", **DECAY},
        {"type": "exponential_decay", **DECAY},
        serialized("ExponentialDecay", **DECAY),
    ],
)
def test_schedule_of_any_spelling_is_scaled(learning_rate: dict[str, Any]) -> None:
    for written in (
        document(optimizer={"type": "Adam", "learning_rate": learning_rate}),
        document(optimizer=serialized("Adam", learning_rate=learning_rate)),
    ):
        change = suggestions.scale_learning_rate(parse_spec(written), 0.1)
        scaled: Any = changed(written, change).training.optimizer.learning_rate

        assert scaled == ExponentialDecay(initial_learning_rate=0.05, decay_steps=10, decay_rate=0.5)


@pytest.mark.parametrize(
    "training",
    [
        {"keep": "last"},
        {"keep": "last", "early_stopping": {}},
        {"early_stopping": {"restore_best_weights": False}},
        {"early_stopping": {"restore_best_weights": False, "patience": 2}, "keep": "last"},
    ],
)
def test_best_epoch_is_kept_whoever_left_it(training: dict[str, Any]) -> None:
    written = document(**training)
    spec = parse_spec(written)

    assert changed(written, suggestions.keep_best(spec)).training.keep == "best"
    assert changed(written, suggestions.stop_early(spec)).training.keep == "best"


def test_moving_average_of_serialized_optimizer_ends() -> None:
    written = document(optimizer=serialized("Adam", use_ema=True))
    change = suggestions.set_optimizer(parse_spec(written), use_ema=False)

    assert changed(written, change).training.optimizer.use_ema is False
