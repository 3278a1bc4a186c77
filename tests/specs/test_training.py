"""Which epoch is published, and Keras's name for it."""

from typing import Any

import pytest

from specs.errors import SpecError
from specs.experiment import ExperimentSpec, parse_spec


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
    assert f"means `keep: {meant}`, but `keep` is {keep}" in problem.detail


@pytest.mark.parametrize("keep", ["first", None, 1, ["best"]])
def test_other_values_of_keep_are_rejected(keep: object) -> None:
    with pytest.raises(SpecError) as caught:
        trained(keep=keep, early_stopping={"restore_best_weights": True})
    [problem] = caught.value.problems
    assert problem.pointer == "/training/keep"
    assert "best, last" in problem.detail
