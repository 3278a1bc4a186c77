import pytest

from analysis.plots.runs import run_of
from models_store.errors import NotFound
from models_store.experiments.record import Best, Status
from models_store.experiments.stored_spec import StoredSpec
from tests.analysis.plots.runs import ID, history_of, metrics_of, record_of, run_for


def falls(learning_rate: object, *rates: float | None, skip: int = 0) -> list[int]:
    history = history_of(*({"loss": 1.0, "learning_rate": rate} for rate in rates))
    return run_of(record_of(len(rates), learning_rate), history, skip).falls


def test_a_rate_falls_after_plateaus_and_at_steps_but_not_all_the_time() -> None:
    rates = (0.1, 0.1, 0.05, 0.05, 0.01)
    assert falls(0.1, *rates) == [2, 4]
    assert falls({"type": "PiecewiseConstantDecay"}, *rates) == [2, 4]
    assert falls({"type": "ExponentialDecay", "staircase": True}, *rates) == [2, 4]
    assert falls({"type": "ExponentialDecay", "staircase": False}, *rates) == []
    assert falls({"type": "CosineDecay"}, *rates) == []
    assert falls(0.1, *rates, skip=2) == [4]
    assert falls(0.1, 0.1, None, 0.05, 0.2) == []


def test_skipped_epochs_are_left_out_and_the_others_keep_their_numbers() -> None:
    run = run_for(5, skip=2)

    assert (run.first, run.end, run.best) == (2, 5, 4)
    assert run.history["loss"] == [metrics_of(epoch)["loss"] for epoch in (2, 3, 4)]
    assert run.state == "queued, 5 of 5 epochs"


def test_a_best_epoch_that_is_not_in_the_history_yet_is_none() -> None:
    best = Best(epoch=3, metric="val_accuracy", value=0.9)

    run = run_of(record_of(9, best=best, status=Status.RUNNING), history_of(*map(metrics_of, range(3))), 0)

    assert (run.best, run.best_metric) == (None, "")
    assert run.state == "running, 3 of 9 epochs"


def test_where_no_epoch_is_left_there_is_nothing() -> None:
    with pytest.raises(NotFound, match=f"{ID} has 5 epochs: without the first 5 none is left; .* at most 4"):
        run_for(5, skip=5)
    with pytest.raises(NotFound, match="is queued and has no epoch yet"):
        run_for(0)


def test_a_damaged_record_has_a_history_all_the_same() -> None:
    record = record_of(2).model_copy(update={"spec": StoredSpec({}), "status": Status.FAILED})

    assert run_of(record, history_of(metrics_of(0), metrics_of(1)), 0).state == "failed, 2 of 2 epochs"
