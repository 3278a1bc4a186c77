import pytest

from analysis.plots.plotted_history import PlottedHistory
from models_store.errors import NotFound
from models_store.experiments.points import Best
from models_store.experiments.record import Status
from models_store.experiments.stored_spec import StoredSpec
from tests.analysis.plots.histories import ID, history_of, metrics_of, plotted, record_of


def drops(learning_rate: object, *rates: float | None, skip: int = 0) -> list[int]:
    history = history_of(*({"loss": 1.0, "learning_rate": rate} for rate in rates))
    return PlottedHistory.of(record_of(len(rates), learning_rate), history, skip).drops


def test_drops_are_plateaus_and_steps_of_the_rate() -> None:
    rates = (0.1, 0.1, 0.05, 0.05, 0.01)
    assert drops(0.1, *rates) == [2, 4]
    assert drops({"type": "PiecewiseConstantDecay"}, *rates) == [2, 4]
    assert drops({"type": "ExponentialDecay", "staircase": True}, *rates) == [2, 4]
    assert drops({"type": "ExponentialDecay", "staircase": False}, *rates) == []
    assert drops({"type": "CosineDecay"}, *rates) == []
    assert drops(0.1, *rates, skip=2) == [4]
    assert drops(0.1, 0.1, None, 0.05, 0.2) == []


def test_skipped_epochs_keep_the_numbers_of_the_others() -> None:
    history = plotted(5, skip=2)

    assert (history.first, history.end, history.marked) == (2, 5, 4)
    assert history.metrics["loss"] == [metrics_of(epoch)["loss"] for epoch in (2, 3, 4)]
    assert history.state == "queued, 5 of 5 epochs"


def test_best_epoch_after_the_history_is_none() -> None:
    best = Best(epoch=3, metric="val_accuracy", value=0.9)

    record = record_of(9, best=best, status=Status.RUNNING)
    history = PlottedHistory.of(record, history_of(*map(metrics_of, range(3))), 0)

    assert history.marked is None
    assert history.state == "running, 3 of 9 epochs"


def test_history_without_epochs_left_is_not_found() -> None:
    with pytest.raises(NotFound, match=f"{ID} has 5 epochs, and skip=5 leaves none; .* at most 4"):
        plotted(5, skip=5)
    with pytest.raises(NotFound, match="is queued and has no epoch to plot yet"):
        plotted(0)


def test_damaged_record_has_a_history() -> None:
    record = record_of(2).model_copy(update={"spec": StoredSpec({}), "status": Status.FAILED})

    assert PlottedHistory.of(record, history_of(metrics_of(0), metrics_of(1)), 0).state == "failed, 2 of 2 epochs"
