import pytest

from analysis.diagnosis.learning import not_learning, slow_start, under_fitting
from tests.analysis.diagnosis.runs import DIGITS, ID, points, run

DEAD = points([2.3026] * 5, accuracy=[0.1] * 5, val_accuracy=[0.1] * 5)
RAW = {**DIGITS, "preprocessing": {"scale": "none"}}


def with_rate(rate, kind="Adam"):
    return {**DIGITS, "training": {"optimizer": {"type": kind, "learning_rate": rate}}}


def test_a_network_that_answers_the_same_to_everything_guesses():
    finding = not_learning(run(DEAD))
    assert finding.severity == "problem"
    assert "training loss stays at 2.3; guessing gives 2.3, and 10% of the validation samples are right" in (
        finding.sentence
    )
    assert not_learning(run(points([2.3026] * 5))) is not None  # without accuracies, by ln(10)


def test_guessing_at_another_loss_is_seen_by_the_accuracy():
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
def test_what_moves_or_is_right_does_not_guess(history):
    assert not_learning(run(history)) is None


def test_a_part_of_few_samples_that_is_all_right_is_no_guess():
    few = {
        **DIGITS,
        "dataset": {"name": "digits", "classes": [0, 1], "limit_per_class": 20},
        "training": {"batch_size": 8},
    }
    assert not_learning(run(points([0.1] * 5, val_accuracy=[1.0] * 5), few)) is None
    assert not_learning(run(points([0.69] * 5, val_accuracy=[0.5] * 5), few)) is not None


def test_waking_a_network_scales_pixels_or_changes_the_rate():
    assert not_learning(run(DEAD, RAW)).suggestion.patch["preprocessing"] == {"scale": "unit"}
    for rate, kind, changed in ((1.0, "Adam", 0.1), (1e-5, "Adam", 1e-4), (1e-4, "SGD", 1e-3), (1e-3, "SGD", 1e-4)):
        patch = not_learning(run(DEAD, with_rate(rate, kind))).suggestion.patch
        assert patch["training"]["optimizer"]["learning_rate"] == changed


def test_epochs_of_guessing_before_learning_are_a_slow_start():
    accuracy = [0.1, 0.1, 0.1, 0.8, 0.9]
    finding = slow_start(run(points([9.0, 9.0, 8.0, 1.0, 0.5], val_accuracy=accuracy)))
    assert finding.evidence["epoch"] == 3
    assert finding.suggestion is None
    assert slow_start(run(points([1.0] * 5, val_accuracy=[0.1, 0.6, 0.8, 0.9, 0.9]))) is None
    assert slow_start(run(points([1.0] * 5, val_accuracy=[0.1] * 5))) is None
    raw = slow_start(run(points([1.0] * 5, val_accuracy=accuracy), RAW))
    assert raw.suggestion.patch["preprocessing"] == {"scale": "unit"}


LEVEL = [2.0, 1.6, 1.5, 1.49, 1.485, 1.484, 1.483, 1.482]


def test_a_network_that_is_poor_in_training_gets_twice_the_width():
    layers = [
        {"type": "Conv2D", "filters": 4, "kernel_size": 3},
        {"type": "Flatten"},
        {"type": "Dense", "units": 8, "activation": "relu"},
        {"type": "Dense"},
    ]
    history = points(LEVEL, accuracy=[0.45] * 8, val_accuracy=[0.4] * 8)
    finding = under_fitting(run(history, {"model": {"layers": layers}}))
    assert "no more than 45% right even in training" in finding.sentence
    wider = finding.suggestion.patch["model"]["layers"]
    assert [layer.get("filters", layer.get("units")) for layer in wider] == [8, None, 16, 10]
    taking = {"model": {"layers": layers, "weights_from": ID}}
    assert under_fitting(run(history, taking)).suggestion is None
    linear = {"model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}}
    assert under_fitting(run(history, linear)).suggestion is None


@pytest.mark.parametrize(
    ("loss", "accuracy", "val_accuracy"),
    [
        (LEVEL, 0.5, 0.9),  # dropout and augmentation make training harder than validation
        (LEVEL, 0.95, 0.5),  # over-fitting
        ([2.0 * 0.9**epoch for epoch in range(8)], 0.4, 0.4),  # it still learns
        (LEVEL[:3], 0.4, 0.4),
    ],
)
def test_no_under_fitting_is_seen_where_there_is_none(loss, accuracy, val_accuracy):
    epochs = len(loss)
    history = points(loss, accuracy=[accuracy] * epochs, val_accuracy=[val_accuracy] * epochs)
    assert under_fitting(run(history)) is None


def test_without_accuracies_there_is_no_word_of_under_fitting():
    assert under_fitting(run(points(LEVEL))) is None
