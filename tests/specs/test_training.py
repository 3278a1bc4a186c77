"""Which epoch is published, and Keras's name for it."""

from typing import Any

import pytest

from specs.cost import reference_epoch_parts
from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec
from specs.merge_patch import merge_patch
from specs.schema import FieldError
from specs.training import TrainingSpec


def trained(**training: Any) -> ExperimentSpec:
    return parse_spec({"model": {"preset": "digits-cnn"}, "training": training})


@pytest.mark.parametrize(
    ("training", "keep", "metric"),
    [
        ({}, "best", "val_accuracy"),
        ({"keep": "last"}, "last", "val_accuracy"),
        ({"early_stopping": {}}, "best", "val_loss"),
        ({"early_stopping": {"monitor": "accuracy"}}, "best", "accuracy"),
        ({"early_stopping": {"restore_best_weights": True}}, "best", "val_loss"),
        ({"early_stopping": {"restore_best_weights": False}}, "last", "val_loss"),
        ({"early_stopping": {"restore_best_weights": None}, "keep": "last"}, "last", "val_loss"),
        ({"early_stopping": {"restore_best_weights": False}, "keep": "last"}, "last", "val_loss"),
    ],
)
def test_kept_epoch_follows_keep_and_early_stopping(training: dict[str, Any], keep: str, metric: str) -> None:
    spec = trained(**training)
    assert (spec.training.keep, spec.training.deciding_metric) == (keep, metric)
    document = spec.document()["training"]
    assert document["keep"] == keep
    assert document["early_stopping"] is None or document["early_stopping"]["restore_best_weights"] is None
    assert parse_spec(spec.document()) == spec


@pytest.mark.parametrize(("restored", "keep", "meant"), [(True, "last", "best"), (False, "best", "last")])
def test_contradiction_of_keep_is_rejected(restored: bool, keep: str, meant: str) -> None:
    with pytest.raises(SpecError) as caught:
        trained(keep=keep, early_stopping={"restore_best_weights": restored})
    [problem] = caught.value.problems
    assert problem.pointer == "/training/early_stopping/restore_best_weights"
    assert problem.received is restored
    assert f"means `keep: {meant}`, but `keep` is {keep}; set `keep` to {meant}, or " in problem.detail
    assert trained(keep=meant, early_stopping={"restore_best_weights": restored}).training.keep == meant
    assert trained(keep=keep, early_stopping={"restore_best_weights": None}).training.keep == keep


def test_advice_on_kept_epoch_fits_patches() -> None:
    base = trained(early_stopping={"patience": 3}).document()
    stopping = {"early_stopping": {"restore_best_weights": False}}
    with pytest.raises(SpecError, match="set `keep` to last, or `restore_best_weights` to null"):
        parse_spec(merge_patch(base, {"training": stopping}))

    assert parse_spec(merge_patch(base, {"training": {"keep": "last", **stopping}})).training.keep == "last"
    without = {"training": {"early_stopping": {"restore_best_weights": None}}}
    assert parse_spec(merge_patch(base, without)).training.keep == "best"


SCHEDULE = {"type": "ExponentialDecay", "initial_learning_rate": 0.1, "decay_rate": 0.5}


@pytest.mark.parametrize(
    "change", [{"optimizer": {"learning_rate": 0.01}}, {"reduce_lr_on_plateau": None}], ids=["number", "null"]
)
def test_advice_on_plateau_fits_patches(change: dict[str, Any]) -> None:
    scheduled = {"optimizer": {"type": "Adam", "learning_rate": SCHEDULE}}
    for base, patch in ((scheduled, {"reduce_lr_on_plateau": {}}), ({"reduce_lr_on_plateau": {}}, scheduled)):
        patched = merge_patch(trained(**base).document(), {"training": patch})
        with pytest.raises(SpecError, match="give a number as `learning_rate`, or set `reduce_lr_on_plateau` to null"):
            parse_spec(patched)
        assert parse_spec(merge_patch(patched, {"training": change}))


@pytest.mark.parametrize("keep", ["first", None, 1, ["best"]])
def test_other_values_of_keep_are_rejected(keep: object) -> None:
    with pytest.raises(SpecError) as caught:
        trained(keep=keep, early_stopping={"restore_best_weights": True})
    [problem] = caught.value.problems
    assert problem.pointer == "/training/keep"
    assert "best, last" in problem.detail


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"devices": 2, "precision": "mixed_float16"}, "mixed_float16 trains on one device"),
        ({"devices": 4, "batch_size": 3}, "leaves some of 4 devices without a sample"),
        ({"devices": 0}, "devices"),
        ({"devices": 65}, "devices"),
        ({"device": "gpu32"}, "device"),
    ],
)
def test_impossible_devices_are_rejected(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        trained(**change)


@pytest.mark.parametrize(("training", "expected"), [({}, None), ({"devices": 1}, None), ({"devices": 2}, 2)])
def test_one_device_is_not_in_the_document(training: dict[str, Any], expected: int | None) -> None:
    """Else all specs from before there could be several would differ from the same ones of today."""
    assert trained(**training).document()["training"].get("devices") == expected


@pytest.mark.parametrize("device", ["cpu", "gpu", "gpu16", "gpu24", "gpu80"])
def test_class_of_workers_is_kept(device: str) -> None:
    assert trained(device=device).document()["training"]["device"] == device
    for training in ({}, {"device": None}):
        assert "device" not in trained(**training).document()["training"]


def test_default_batch_size_covers_all_devices() -> None:
    training = TrainingSpec(devices=4)
    assert training.complete_for(16).batch_size == 8
    with pytest.raises(FieldError, match="by default 2 for a training split of 6 samples; set it to 2 or less, or `ba"):
        training.complete_for(6)
    with pytest.raises(FieldError, match=r"for a training split of 3 samples; set it to 2 or less$"):
        training.complete_for(3)
    with pytest.raises(FieldError, match="exceeds the training split of 6 samples; set it to 4"):
        TrainingSpec(devices=4, batch_size=9).complete_for(6)


def test_devices_divide_the_time_of_training() -> None:
    one, four = (sum(reference_epoch_parts(trained(devices=each))) for each in (1, 4))
    assert one / 4 < four < one
