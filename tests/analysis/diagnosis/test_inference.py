from typing import Any

import pytest

from analysis.diagnosis.diagnosis import diagnose
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.inference import inference_gap
from specs.experiment import parse_spec
from tests.analysis.diagnosis.training_runs import ID, patch_of, points, require, run
from tests.support.evaluations import evaluations_of

# MNIST, 100 samples of each class, mnist-cnn-bn with batches of 128: 7 or 8 steps an epoch, 48 in all.
FEW: dict[str, Any] = {
    "dataset": {"name": "mnist", "limit_per_class": 100},
    "preprocessing": {"scale": "unit"},
    "model": {"preset": "mnist-cnn-bn"},
    "training": {"batch_size": 128, "epochs": 6},
}
COLD = points(
    [1.1, 0.3, 0.15, 0.08, 0.05, 0.03],
    accuracy=[0.65, 0.92, 0.96, 0.98, 0.99, 0.99],
    val_loss=[2.2, 2.2, 2.4, 2.7, 3.1, 3.5],
    val_accuracy=[0.2, 0.2, 0.19, 0.18, 0.18, 0.18],
)
EVALUATED = evaluations_of(training=0.21, validation=0.18, test=0.19)


def keeping(keep: str) -> dict[str, Any]:
    return {**FEW, "training": {**FEW["training"], "keep": keep}}


def cold(document: dict[str, Any] = FEW, **fields: Any) -> Finding | None:
    return inference_gap(run(COLD, document, **fields))


@pytest.mark.parametrize("keep", ["best", "last"])
def test_cold_batch_statistics_are_the_only_finding(keep: str) -> None:
    (finding,) = diagnose(run(COLD, keeping(keep), evaluations=EVALUATED, recorded_epoch=5)).items
    assert (finding.rule, finding.severity) == ("inference-gap", "problem")
    assert "accuracy is 99.0% in training, and 21% when the network is evaluated on the training split" in (
        finding.sentence
    )
    assert finding.evidence["steps"] == 48
    assert finding.evidence["initial_values"] == pytest.approx(0.99**48, rel=1e-3)
    assert "hold 62% of their initial values after 48 steps at a momentum of 0.99" in finding.sentence


@pytest.mark.parametrize(("keep", "steps"), [("best", 8), ("last", 48)])
def test_statistics_are_those_of_the_published_epoch(keep: str, steps: int) -> None:
    history = [each.model_copy(update={"metrics": {**each.metrics, "accuracy": 0.99}}) for each in COLD]
    finding = require(inference_gap(run(history, keeping(keep), evaluations=EVALUATED)))
    assert finding.evidence["steps"] == steps
    assert finding.evidence["initial_values"] == pytest.approx(0.99**steps, rel=1e-3)


WARM = {**FEW, "model": {**FEW["model"], "weights_from": ID}}
NORMALIZED = [node.name for node in parse_spec(FEW).network.nodes if node.layer.type == "BatchNormalization"]


@pytest.mark.parametrize("transferred", [(), NORMALIZED])
def test_transferred_statistics_are_warm(transferred: list[str]) -> None:
    assert cold(WARM, has_ended=False, stop_reason=None, transferred_layers=transferred) is None
    finding = require(cold(WARM, evaluations=EVALUATED, transferred_layers=transferred))
    assert "changed too much in the last steps" in finding.sentence
    assert finding.evidence["initial_values"] is None


def test_statistics_that_were_not_transferred_are_cold() -> None:
    finding = require(cold(WARM, evaluations=EVALUATED, transferred_layers=NORMALIZED[1:]))
    assert finding.evidence["initial_values"] == pytest.approx(0.99 ** finding.evidence["steps"], rel=1e-3)


def test_cold_statistics_get_a_quicker_momentum() -> None:
    layers = patch_of(cold(evaluations=EVALUATED))["model"]["layers"]
    momenta = [layer["momentum"] for layer in layers if layer["type"] == "BatchNormalization"]
    assert momenta
    assert set(momenta) == {0.9}


def test_cold_statistics_show_before_the_evaluation() -> None:
    assert require(cold(has_ended=False, stop_reason=None)).evidence["split"] == "validation"
    many = {**FEW, "dataset": {"name": "mnist"}}  # 422 steps an epoch
    assert cold(many, has_ended=False, stop_reason=None) is None


EMA = {"type": "Adam", "use_ema": True, "ema_momentum": 0.999}


def test_average_of_the_weights_may_be_cold_as_well() -> None:
    averaged = {"model": {"preset": "digits-cnn"}, "training": {"optimizer": EMA}}
    finding = cold(averaged, evaluations=EVALUATED)
    assert "the moving averages of the weights (`use_ema`)" in require(finding).sentence
    assert patch_of(finding)["training"] == {"optimizer": {"type": "Adam", "use_ema": False}}


def test_gap_without_cold_averages_is_of_last_steps() -> None:
    dense = {"model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}}
    finding = require(cold(dense, evaluations=EVALUATED))
    assert "changed too much in the last steps" in finding.sentence
    assert finding.evidence["initial_values"] is None
    assert patch_of(finding)["training"]["optimizer"]["learning_rate"] == pytest.approx(0.001 / 3, rel=0.01)


@pytest.mark.parametrize("evaluated", [0.99, 0.95])
def test_network_as_good_in_inference_has_no_gap(evaluated: float) -> None:
    assert cold(evaluations=evaluations_of(training=evaluated, validation=0.5, test=0.5)) is None


def test_restored_epoch_is_compared_with_itself() -> None:
    stopped = {**FEW, "training": {"batch_size": 128, "epochs": 6, "early_stopping": {"patience": 2}}}
    # Epoch 1 was restored, in which accuracy in training was 0.65.
    as_good = evaluations_of(training=0.64, test=0.6)
    assert cold(stopped, evaluations=as_good, stop_reason="early_stopping") is None
    finding = require(cold(stopped, evaluations=EVALUATED, stop_reason="early_stopping"))
    assert finding.evidence["accuracy_in_training"] == 0.65
