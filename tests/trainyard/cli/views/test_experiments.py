from typing import Any

import pytest

from tests.trainyard import samples
from trainyard.answers import Experiment, History
from trainyard.cli.views.experiments import experiment_lines, history_table, outcome_lines

TRAINED = {
    "epochs_completed": 2,
    "best": {"epoch": 1, "metric": "val_accuracy", "value": 0.9},
    "last_metrics": {"loss": 0.1, "val_accuracy": 0.9},
}


def experiment(**changes: Any) -> Experiment:
    return Experiment.model_validate(samples.experiment(**changes))


def test_success_shows_best_last_and_test() -> None:
    ended = experiment(status="succeeded", stop_reason="early_stopping", test_metrics={"accuracy": 0.8}, **TRAINED)
    assert list(outcome_lines(ended)) == [
        "succeeded after 2 epochs (early stopping)",
        "best      val_accuracy 0.9000 in epoch 2",
        "last      loss 0.1000  val_accuracy 0.9000",
        "test      accuracy 0.8000",
    ]


def test_success_shows_the_published_epoch() -> None:
    metrics = {"loss": 0.2, "val_accuracy": 0.89}
    ended = experiment(status="succeeded", published_epoch=0, published_metrics=metrics, **TRAINED)
    assert list(outcome_lines(ended))[1:] == [
        "best      val_accuracy 0.9000 in epoch 2",
        "published epoch 1: loss 0.2000  val_accuracy 0.8900",
    ]


def test_failure_shows_its_reason() -> None:
    failed = experiment(
        status="failed", epochs_completed=1, error={"type": "diverged", "message": "the loss became nan"}
    )
    assert list(outcome_lines(failed)) == ["failed after 1 epoch: the loss became nan"]


def test_running_experiment_shows_its_position() -> None:
    progress = samples.progress(epoch=1, step=3, steps_per_epoch=9, eta_seconds=2.0)
    lines = list(experiment_lines(experiment(status="running", progress=progress)))
    assert "progress  epoch 2/2, step 3/9, 2 s left" in lines


def test_queued_experiment_shows_its_position() -> None:
    assert "queue     position 3" in list(experiment_lines(experiment(queue_position=3)))


def test_times_are_shown_as_the_api_sends_them() -> None:
    lines = list(experiment_lines(experiment(started_at="2026-11-22T20:15:01.250000Z")))
    assert "created   2026-11-22T20:15:00Z" in lines
    assert "started   2026-11-22T20:15:01.250000Z" in lines


@pytest.mark.parametrize(("count", "text"), [(1, "1 layer"), (2, "2 layers")])
def test_transferred_layers_are_counted(count: int, text: str) -> None:
    spec = {"model": {"weights_from": samples.OTHER_ID}}
    layers = dict(list({"conv2d": "conv2d", "dense": "dense_1"}.items())[:count])
    lines = list(experiment_lines(experiment(spec=spec, transferred_layers=layers)))
    assert f"weights   {text} of {samples.OTHER_ID}" in lines


def test_damaged_record_without_spec_is_shown() -> None:
    lines = list(experiment_lines(experiment(spec={}, damaged=["experiment.json"])))
    assert "epochs    0 of unknown" in lines
    assert lines[-1] == "damaged   experiment.json"


def test_history_table_counts_epochs_from_one() -> None:
    table = history_table(History.model_validate(samples.HISTORY))
    assert table.rows == [("1", "2.0000", "1.5000", "3.2"), ("2", "not finite", "1.0000", "0.5")]


def test_history_without_durations_has_no_column() -> None:
    older = {name: value for name, value in samples.HISTORY.items() if name != "seconds"}
    table = history_table(History.model_validate(older))
    assert table.rows == [("1", "2.0000", "1.5000"), ("2", "not finite", "1.0000")]
