from typing import Any

import pytest

from analysis.diagnosis.learning import not_learning, slow_start, underfitting
from models_store.experiments.points import Point
from tests.analysis.diagnosis.training_runs import DIGITS, ID, patch_of, points, require, run

DEAD = points([2.3026] * 5, accuracy=[0.1] * 5, val_accuracy=[0.1] * 5)
RAW = {**DIGITS, "preprocessing": {"scale": "none"}}


def with_rate(rate: float, kind: str = "Adam") -> dict[str, Any]:
    return {**DIGITS, "training": {"optimizer": {"type": kind, "learning_rate": rate}}}


def test_constant_answers_are_not_learning() -> None:
    finding = require(not_learning(run(DEAD)))
    assert finding.severity == "problem"
    assert "training loss stays at 2.3 (guessing gives 2.3), and validation accuracy is 10%" in finding.sentence
    assert not_learning(run(points([2.3026] * 5))) is not None  # without accuracies, by ln(10)


def test_guessing_at_another_loss_shows_in_accuracy() -> None:
    stuck = points([14.5] * 5, val_accuracy=[0.1] * 5)
    assert not_learning(run(stuck)) is not None
    assert not_learning(run(points([14.5] * 5))) is None


@pytest.mark.parametrize(
    "history",
    [
        points([2.3, 2.0, 1.5, 1.2], val_accuracy=[0.1, 0.1, 0.1, 0.1]),
        points([0.2] * 5, val_accuracy=[0.95] * 5),
        points([2.3026] * 5, accuracy=[0.4] * 5, val_accuracy=[0.1] * 5),
        DEAD[:2],
    ],
)
def test_network_that_moves_or_is_right_is_learning(history: list[Point]) -> None:
    assert not_learning(run(history)) is None


def test_small_split_that_is_all_right_is_no_guess() -> None:
    few = {
        **DIGITS,
        "dataset": {"name": "digits", "classes": [0, 1], "limit_per_class": 20},
        "training": {"batch_size": 8},
    }
    assert not_learning(run(points([0.1] * 5, val_accuracy=[1.0] * 5), few)) is None
    assert not_learning(run(points([0.69] * 5, val_accuracy=[0.5] * 5), few)) is not None


def test_dead_network_gets_scaled_pixels_or_other_rate() -> None:
    assert patch_of(not_learning(run(DEAD, RAW)))["preprocessing"] == {"scale": "unit"}
    for rate, kind, changed in ((1.0, "Adam", 0.1), (1e-5, "Adam", 1e-4), (1e-4, "SGD", 1e-3), (1e-3, "SGD", 1e-4)):
        patch = patch_of(not_learning(run(DEAD, with_rate(rate, kind))))
        assert patch["training"]["optimizer"]["learning_rate"] == changed


@pytest.mark.parametrize("keep", ["last", "best"])
def test_network_that_collapses_had_learned(keep: str) -> None:
    accuracy = [0.6, 0.9, 0.95, 0.1, 0.1, 0.1]
    history = points([1, 0.3, 0.2, 2.3, 2.3, 2.3], accuracy=accuracy, val_accuracy=accuracy)
    finding = require(not_learning(run(history, {**RAW, "training": {"keep": keep}})))

    assert finding.sentence == (
        "The network has lost what it had learned: validation accuracy was 95.0% in epoch 3 and is 10% at the end; "
        "training loss stays at 2.3 (guessing gives 2.3)."
    )
    assert finding.evidence["learned"] == {"epoch": 2, "val_accuracy": 0.95}
    assert patch_of(finding)["training"]["optimizer"]["learning_rate"] == 1e-4


def test_guessing_before_learning_is_a_slow_start() -> None:
    accuracy = [0.1, 0.1, 0.1, 0.8, 0.9]
    finding = require(slow_start(run(points([9.0, 9.0, 8.0, 1.0, 0.5], val_accuracy=accuracy))))
    assert finding.evidence["epoch"] == 3
    assert finding.suggestion is None
    assert slow_start(run(points([1.0] * 5, val_accuracy=[0.1, 0.6, 0.8, 0.9, 0.9]))) is None
    assert slow_start(run(points([1.0] * 5, val_accuracy=[0.1] * 5))) is None
    raw = slow_start(run(points([1.0] * 5, val_accuracy=accuracy), RAW))
    assert patch_of(raw)["preprocessing"] == {"scale": "unit"}


LEVEL = [2.0, 1.6, 1.5, 1.49, 1.485, 1.484, 1.483, 1.482]


def test_poor_network_gets_twice_the_width() -> None:
    layers = [
        {"type": "Conv2D", "filters": 4, "kernel_size": 3},
        {"type": "Flatten"},
        {"type": "Dense", "units": 8, "activation": "relu"},
        {"type": "Dense"},
    ]
    history = points(LEVEL, accuracy=[0.45] * 8, val_accuracy=[0.4] * 8)
    finding = require(underfitting(run(history, {"model": {"layers": layers}})))
    assert "no more than 45% even in training" in finding.sentence
    wider = patch_of(finding)["model"]["layers"]
    assert [layer.get("filters", layer.get("units")) for layer in wider] == [8, None, 16, 10]
    taking = {"model": {"layers": layers, "weights_from": ID}}
    assert require(underfitting(run(history, taking))).suggestion is None
    linear = {"model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}}
    assert require(underfitting(run(history, linear))).suggestion is None


@pytest.mark.parametrize(
    ("loss", "accuracy", "val_accuracy"),
    [
        (LEVEL, 0.5, 0.9),  # dropout and augmentation make training harder than validation
        (LEVEL, 0.95, 0.5),  # overfitting
        ([2.0 * 0.9**epoch for epoch in range(8)], 0.4, 0.4),  # it still learns
        (LEVEL[:3], 0.4, 0.4),
    ],
)
def test_other_curves_show_no_underfitting(loss: list[float], accuracy: float, val_accuracy: float) -> None:
    epochs = len(loss)
    history = points(loss, accuracy=[accuracy] * epochs, val_accuracy=[val_accuracy] * epochs)
    assert underfitting(run(history)) is None


def test_underfitting_needs_accuracies() -> None:
    assert underfitting(run(points(LEVEL))) is None
