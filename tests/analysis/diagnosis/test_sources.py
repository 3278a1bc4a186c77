"""The diagnosis of published histories agrees with their authors."""

from collections.abc import Sequence

from analysis.diagnosis.diagnosis import diagnose
from analysis.diagnosis.finding import Finding
from models_store.experiments.points import Point
from specs.presets import PRESETS
from tests.analysis.diagnosis.histories import CNN, DNN, REGULARIZED, points_of
from tests.analysis.diagnosis.training_runs import patch_of, points, run


def found(preset: str, history: Sequence[Point]) -> dict[str, Finding]:
    return {finding.rule: finding for finding in diagnose(run(history, dict(PRESETS[preset].spec))).items}


def test_dense_network_overfits_from_about_epoch_20() -> None:
    findings = found("mnist-dnn", points_of(DNN))
    assert list(findings) == ["overfitting", "better-epoch", "too-many-epochs"]
    assert abs(findings["overfitting"].evidence["epoch"] + 1 - 20) <= 4
    assert patch_of(findings["overfitting"])["training"]["keep"] == "best"


def test_convolutional_network_overfits_from_epoch_8() -> None:
    findings = found("mnist-cnn", points_of(CNN))
    assert list(findings) == ["overfitting", "better-epoch", "too-many-epochs"]
    assert abs(findings["overfitting"].evidence["epoch"] + 1 - 8) <= 2


def test_regularized_network_only_starts_slowly() -> None:
    findings = found("mnist-cnn-regularized", points_of(REGULARIZED))
    assert list(findings) == ["slow-start"]
    assert findings["slow-start"].evidence["epoch"] == 2
    assert "The network only guessed in the first 2 epochs" in findings["slow-start"].sentence


def test_epochs_shrink_to_what_is_needed() -> None:
    # Source 000 prints no numbers of its history: all four curves flatten at epoch 20 of 100, where validation loss is
    # lowest; it rises slightly from there.
    falling = [0.03 + 0.3 * 0.75**epoch for epoch in range(20)]
    val_loss = [*falling, *(0.0315 + 0.00001 * epoch for epoch in range(80))]
    loss = [*falling, *(0.03 for _ in range(80))]
    findings = found("mnist-cnn-bn", points(loss, val_loss=val_loss, val_accuracy=[1 - each / 6 for each in val_loss]))
    assert list(findings) == ["too-many-epochs"]
    assert 24 <= patch_of(findings["too-many-epochs"])["training"]["epochs"] <= 36
