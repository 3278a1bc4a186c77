from tests.trainyard.canned_api import a_record
from trainyard.cli.record_view import outcome_lines, record_lines

TRAINED = {
    "epochs_completed": 2,
    "best": {"epoch": 1, "metric": "val_accuracy", "value": 0.9},
    "last_metrics": {"loss": 0.1, "val_accuracy": 0.9},
}


def test_a_success_tells_best_last_and_test() -> None:
    record = a_record(status="succeeded", stop_reason="early_stopping", test_metrics={"accuracy": 0.8}, **TRAINED)
    assert list(outcome_lines(record)) == [
        "succeeded after 2 epochs (early stopping)",
        "best      val_accuracy 0.9000 in epoch 2",
        "last      loss 0.1000  val_accuracy 0.9000",
        "test      accuracy 0.8000",
    ]


def test_a_failure_tells_why() -> None:
    record = a_record(status="failed", error={"type": "diverged", "message": "the loss became nan"})
    assert list(outcome_lines(record)) == ["failed after 0 epochs: the loss became nan"]


def test_what_runs_tells_where_it_is() -> None:
    progress = {"phase": "training", "epoch": 1, "epochs": 2, "step": 3, "steps_per_epoch": 9, "eta_seconds": 2.0}
    lines = list(record_lines(a_record(status="running", progress=progress)))
    assert "progress  epoch 2/2, step 3/9, 2 s left" in lines


def test_what_waits_tells_its_place() -> None:
    assert "queue     place 3" in list(record_lines(a_record(queue_position=3)))


def test_what_began_with_weights_of_another_tells_how_much_of_it() -> None:
    spec = {"model": {"weights_from": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"}}
    taken = {"conv2d": "conv2d", "dense": "dense_1"}
    lines = list(record_lines(a_record(spec=spec, transferred_layers=taken)))
    assert "weights   2 layers of 01K6W3E8Z4T5V6X7Y8Z9A0B1C2" in lines
