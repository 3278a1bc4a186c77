"""Histories of the sources are judged as their authors judge them."""

from collections.abc import Sequence

from analysis.diagnosis.diagnosis import diagnose
from analysis.diagnosis.finding import Finding
from models_store.experiments.record import Point
from specs.presets import PRESETS
from tests.analysis.diagnosis.histories import CNN, DNN, REGULARIZED, points_of
from tests.analysis.diagnosis.runs import points, run


def found(preset: str, history: Sequence[Point]) -> dict[str, Finding]:
    return {finding.rule: finding for finding in diagnose(run(history, dict(PRESETS[preset].spec)))}


def test_the_dense_network_over_fits_from_about_epoch_20():
    findings = found("mnist-dnn", points_of(DNN))
    assert list(findings) == ["over-fitting", "better-epoch", "too-many-epochs"]
    assert abs(findings["over-fitting"].evidence["epoch"] + 1 - 20) <= 4
    assert findings["over-fitting"].suggestion.patch["training"]["early_stopping"]["restore_best_weights"]


def test_the_convolutional_network_over_fits_from_about_epoch_8():
    findings = found("mnist-cnn", points_of(CNN))
    assert list(findings) == ["over-fitting", "better-epoch", "too-many-epochs"]
    assert abs(findings["over-fitting"].evidence["epoch"] + 1 - 8) <= 2


def test_the_regularized_network_starts_slowly_and_does_not_over_fit():
    findings = found("mnist-cnn-regularized", points_of(REGULARIZED))
    assert list(findings) == ["slow-start"]
    assert findings["slow-start"].evidence["epoch"] == 2
    assert "In the first 2 epochs the network only guessed" in findings["slow-start"].sentence


def test_a_hundred_epochs_of_which_twenty_were_needed_become_thirty():
    # Source 000 prints no figures of its history: all four curves flatten at epoch 20 of 100, where validation loss is
    # lowest; it rises slightly from there.
    falling = [0.03 + 0.3 * 0.75**epoch for epoch in range(20)]
    val_loss = [*falling, *(0.0315 + 0.00001 * epoch for epoch in range(80))]
    loss = [*falling, *(0.03 for _ in range(80))]
    findings = found("mnist-cnn-bn", points(loss, val_loss=val_loss, val_accuracy=[1 - each / 6 for each in val_loss]))
    assert list(findings) == ["too-many-epochs"]
    assert 24 <= findings["too-many-epochs"].suggestion.patch["training"]["epochs"] <= 36
