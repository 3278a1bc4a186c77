import math

import pytest

from analysis.diagnosis.overfitting import better_epoch, generalization_gap, overfitting
from tests.analysis.diagnosis.training_runs import DIGITS, patch_of, points, require, run
from tests.support.evaluations import evaluation_of, evaluations_of

EPOCHS = range(30)
FALLING = [math.exp(-epoch / 6) for epoch in EPOCHS]
TURNING = [math.exp(-epoch / 6) + 0.02 * epoch for epoch in EPOCHS]
STOPPED = {**DIGITS, "training": {"early_stopping": {"patience": 5}}}


def test_overfitting_begins_after_lowest_val_loss() -> None:
    # exp(-x/6) + 0.02 x is lowest at x = 6 ln(1/0.12) = 12.7.
    finding = require(overfitting(run(points(FALLING, val_loss=TURNING))))
    assert abs(finding.evidence["lowest_epoch"] - 12.7) < 1
    assert 13 <= finding.evidence["epoch"] <= 18
    assert f"from about epoch {finding.evidence['epoch'] + 1} on it memorizes" in finding.sentence


@pytest.mark.parametrize(
    ("loss", "val_loss"),
    [
        (FALLING, FALLING),
        (TURNING, TURNING),  # training loss turns up as well: nothing is memorized
        ([0.3] * 30, TURNING),
        (FALLING, [0.4 + 0.08 * (epoch % 2) for epoch in EPOCHS]),  # it only jumps
        (FALLING[:4], TURNING[-4:]),
    ],
)
def test_other_curves_show_no_overfitting(loss: list[float], val_loss: list[float]) -> None:
    assert overfitting(run(points(loss, val_loss=val_loss))) is None


def test_overfitting_with_restored_weights_is_info() -> None:
    history = points(FALLING, val_loss=TURNING)
    assert require(overfitting(run(history))).severity == "warning"
    assert require(overfitting(run(history, STOPPED, stop_reason="early_stopping"))).severity == "info"
    assert require(overfitting(run(history, STOPPED, has_ended=False, stop_reason=None))).severity == "warning"


@pytest.mark.parametrize(
    ("dataset", "first"),
    [("mnist", "RandomRotation"), ("cifar10", "RandomFlip"), ("digits", "RandomRotation")],
)
def test_suggested_augmentation_suits_the_dataset(dataset: str, first: str) -> None:
    layers = [{"type": "Flatten"}, {"type": "Dense"}]
    document = {"dataset": {"name": dataset}, "model": {"layers": layers}}
    patch = patch_of(overfitting(run(points(FALLING, val_loss=TURNING), document)))
    first_layer, shift = patch["augmentation"]["layers"]
    assert (first_layer["type"], first_layer.get("mode", "horizontal")) == (first, "horizontal")
    assert shift["type"] == "RandomTranslation"
    assert (patch["training"]["keep"], patch["training"]["early_stopping"]["patience"]) == ("best", 5)


def test_features_get_dropout_before_the_last_layer() -> None:
    layers = [{"type": "Dense", "units": 8, "activation": "relu"}, {"type": "Dense"}]
    document = {"dataset": {"name": "blobs"}, "model": {"layers": layers}}
    patch = patch_of(overfitting(run(points(FALLING, val_loss=TURNING), document)))
    assert [layer["type"] for layer in patch["model"]["layers"]] == ["Dense", "Dropout", "Dense"]
    assert patch["model"]["layers"][-1]["activation"] == "softmax"


def test_better_epoch_is_found_unless_restored() -> None:
    history = points([1.0, 0.5, 0.4], val_loss=[1.0, 0.5, 0.6])
    finding = require(better_epoch(run(history)))
    assert finding.evidence == {"epoch": 1, "val_loss": [0.5, 0.6]}
    assert "Epoch 2 was better than the last one" in finding.sentence
    assert better_epoch(run(history, STOPPED)) is None
    assert better_epoch(run(history, has_ended=False, stop_reason=None)) is None
    assert better_epoch(run(points([1.0, 0.5, 0.4], val_loss=[1.0, 0.5, 0.53]))) is None
    jumping = [1.0, *[0.4, 0.6] * 10]
    assert better_epoch(run(points(jumping))) is None


@pytest.mark.parametrize(
    ("keep", "published", "severity"),
    [("best", 1, "info"), ("best", None, "info"), ("last", 29, "warning"), ("last", None, "info")],
)
def test_time_budget_publishes_what_keep_says(keep: str, published: int | None, severity: str) -> None:
    """Only version 0.2, whose records have no published epoch, restored the best one in any case."""
    history = points(FALLING, val_loss=TURNING)
    document = {**DIGITS, "training": {"keep": keep}}
    case = run(history, document, stop_reason="time_budget", recorded_epoch=published)
    assert require(overfitting(case)).severity == severity
    assert (better_epoch(case) is None) == (severity == "info")


def test_gap_is_that_of_the_published_epoch() -> None:
    history = points([1.0, 0.5, 0.4], accuracy=[0.7, 0.94, 0.99])
    test = evaluations_of(test=0.9)
    assert generalization_gap(run(history, evaluations=test, recorded_epoch=1)) is None
    found = require(generalization_gap(run(history, evaluations=test, recorded_epoch=2)))
    assert found.evidence["training_accuracy"] == 0.99
    unmeasured = points([1.0, 0.5], accuracy=[0.99, None])
    assert generalization_gap(run(unmeasured, evaluations=test, recorded_epoch=1)) is None


def test_gap_prefers_evaluations_to_the_history() -> None:
    evaluations = evaluations_of(training=0.97, test=0.9)
    assert "7 points less" in require(generalization_gap(run([], evaluations=evaluations))).sentence
    history = points([1.0, 0.5], accuracy=[0.5, 0.96])
    found = require(generalization_gap(run(history, evaluations=evaluations_of(test=0.9))))
    assert found.evidence == {"training_accuracy": 0.96, "test_accuracy": 0.9}
    assert generalization_gap(run(history, evaluations=evaluations_of(test=0.93))) is None
    assert generalization_gap(run(history, evaluations=evaluations_of(validation=0.5))) is None


@pytest.mark.parametrize(("samples", "is_found"), [(20, False), (2_000, True)])
def test_gap_on_few_test_samples_may_be_luck(samples: int, is_found: bool) -> None:
    half = samples // 2
    test = evaluation_of(matrix=[[half, 0], [samples // 10, half - samples // 10]])
    case = run([], evaluations={**evaluations_of(training=1.0), "test": test})
    assert test.accuracy == 0.9
    assert (generalization_gap(case) is not None) == is_found


@pytest.mark.parametrize(
    ("accuracy", "val_accuracy", "says"),
    [
        (0.95, 0.9, "it memorizes the training data. Validation"),
        (0.6, 0.4, "it improves on the training data alone. Validation"),
        (0.3, 0.25, None),
    ],
)
def test_only_a_network_good_in_training_memorizes(accuracy: float, val_accuracy: float, says: str | None) -> None:
    epochs = len(FALLING)
    history = points(FALLING, val_loss=TURNING, accuracy=[accuracy] * epochs, val_accuracy=[val_accuracy] * epochs)
    found = overfitting(run(history))
    assert (says is None) == (found is None)
    assert found is None or (says or "") in found.sentence
