import math

import pytest

from analysis.diagnosis.overfitting import better_epoch, generalization_gap, over_fitting
from tests.analysis.diagnosis.runs import DIGITS, points, run
from tests.support.evaluations import evaluation_of

EPOCHS = range(30)
FALLING = [math.exp(-epoch / 6) for epoch in EPOCHS]
TURNING = [math.exp(-epoch / 6) + 0.02 * epoch for epoch in EPOCHS]
STOPPED = {**DIGITS, "training": {"early_stopping": {"patience": 5}}}


def test_the_turn_is_found_where_validation_loss_is_lowest():
    # exp(-x/6) + 0.02 x is lowest at x = 6 ln(1/0.12) = 12.7.
    finding = over_fitting(run(points(FALLING, val_loss=TURNING)))
    assert finding is not None
    assert abs(finding.evidence["lowest_epoch"] - 12.7) < 1
    assert 13 <= finding.evidence["epoch"] <= 18
    assert f"From about epoch {finding.evidence['epoch'] + 1} on" in finding.sentence


@pytest.mark.parametrize(
    ("loss", "val_loss"),
    [
        (FALLING, FALLING),
        (TURNING, TURNING),  # training loss turns up as well: no learning by heart
        ([0.3] * 30, TURNING),
        (FALLING, [0.4 + 0.08 * (epoch % 2) for epoch in EPOCHS]),  # it only jumps
        (FALLING[:4], TURNING[-4:]),
    ],
)
def test_no_over_fitting_is_seen_where_there_is_none(loss, val_loss):
    assert over_fitting(run(points(loss, val_loss=val_loss))) is None


def test_over_fitting_that_early_stopping_undid_is_for_information():
    history = points(FALLING, val_loss=TURNING)
    assert over_fitting(run(history)).severity == "warning"
    assert over_fitting(run(history, STOPPED, stop_reason="early_stopping")).severity == "info"
    assert over_fitting(run(history, STOPPED, has_ended=False, stop_reason=None)).severity == "warning"


@pytest.mark.parametrize(
    ("dataset", "first"),
    [("mnist", "RandomRotation"), ("cifar10", "RandomFlip"), ("digits", "RandomRotation")],
)
def test_images_are_augmented_as_their_dataset_bears_it(dataset, first):
    layers = [{"type": "Flatten"}, {"type": "Dense"}]
    document = {"dataset": {"name": dataset}, "model": {"layers": layers}}
    patch = over_fitting(run(points(FALLING, val_loss=TURNING), document)).suggestion.patch
    first_layer, shift = patch["augmentation"]["layers"]
    assert (first_layer["type"], first_layer.get("mode", "horizontal")) == (first, "horizontal")
    assert shift["type"] == "RandomTranslation"
    assert patch["training"]["early_stopping"]["restore_best_weights"] is True


def test_what_cannot_be_augmented_gets_dropout_before_its_last_layer():
    layers = [{"type": "Dense", "units": 8, "activation": "relu"}, {"type": "Dense"}]
    document = {"dataset": {"name": "blobs"}, "model": {"layers": layers}}
    patch = over_fitting(run(points(FALLING, val_loss=TURNING), document)).suggestion.patch
    assert [layer["type"] for layer in patch["model"]["layers"]] == ["Dense", "Dropout", "Dense"]
    assert patch["model"]["layers"][-1]["activation"] == "softmax"


def test_a_better_epoch_is_told_unless_its_weights_were_kept():
    history = points([1.0, 0.5, 0.4], val_loss=[1.0, 0.5, 0.6])
    finding = better_epoch(run(history))
    assert finding.evidence == {"epoch": 1, "val_loss": [0.5, 0.6]}
    assert "better in epoch 2 than at the end" in finding.sentence
    assert better_epoch(run(history, STOPPED)) is None
    assert better_epoch(run(history, stop_reason="time_budget")) is None
    assert better_epoch(run(history, has_ended=False, stop_reason=None)) is None
    assert better_epoch(run(points([1.0, 0.5, 0.4], val_loss=[1.0, 0.5, 0.53]))) is None
    jumping = [1.0, *[0.4, 0.6] * 10]
    assert better_epoch(run(points(jumping))) is None


def test_a_gap_is_measured_on_the_published_network_where_it_can_be():
    evaluations = {"training": evaluation_of(accuracy=0.97), "test": evaluation_of(accuracy=0.9)}
    assert "7 points less" in generalization_gap(run([], evaluations=evaluations)).sentence
    history = points([1.0, 0.5], accuracy=[0.5, 0.96])
    found = generalization_gap(run(history, evaluations={"test": evaluation_of(accuracy=0.9)}))
    assert found.evidence == {"training_accuracy": 0.96, "test_accuracy": 0.9}
    assert generalization_gap(run(history, evaluations={"test": evaluation_of(accuracy=0.93)})) is None
    assert generalization_gap(run(history, evaluations={"validation": evaluation_of(accuracy=0.5)})) is None
