from collections.abc import Iterator
from typing import Any

import pytest

from tests.trainyard import samples
from tests.trainyard.mlflow.tracking import Run, Tracking
from trainyard.answers.experiments import Experiment, History
from trainyard.errors import TrackingError
from trainyard.mlflow.export import ExportedRun, export_run
from trainyard.mlflow.tracking_server import TrackingServer

TRAINYARD = "http://trainyard.example"
ENDED: dict[str, Any] = {
    "status": "succeeded",
    "started_at": "2026-10-01T12:00:00Z",
    "ended_at": "2026-10-01T12:01:00Z",
    "published_epoch": 1,
    "validation_metrics": {"val_accuracy": 0.9},
    "test_metrics": {"accuracy": 0.8, "loss": None},
}
START = 1_790_856_000_000
LAYERS = [{"type": "Dense", "units": 10, "activation": "relu"}] * 200


@pytest.fixture
def tracking() -> Iterator[Tracking]:
    with Tracking() as tracking:
        yield tracking


def history(epochs: int, scale: float = 1.0) -> History:
    losses: list[float | None] = [None if epoch == 1 else scale / (epoch + 1) for epoch in range(epochs)]
    accuracies: list[float | None] = [epoch / 10_000 for epoch in range(epochs)]
    metrics = {"loss": losses, "val_accuracy": accuracies}
    return History(epoch=list(range(epochs)), history=metrics, seconds=[0.5] * epochs)


def exported(tracking: Tracking, found: History, into: str | None = None, **changes: Any) -> tuple[ExportedRun, Run]:
    experiment = Experiment.model_validate(samples.experiment(**changes))
    with TrackingServer(f"{tracking.url}/") as server:
        answer = export_run(server, experiment, found, TRAINYARD, into)
    return answer, tracking.runs[answer.id]


def test_run_has_params_tags_and_metrics(tracking: Tracking) -> None:
    spec = {"name": "a", "dataset": {"name": "digits"}, "training": {"epochs": 3, "shuffle": True, "decay": None}}
    answer, run = exported(
        tracking, history(3), **ENDED, spec=spec, name="mine", owner="ann", notes="why", tags=["a", "b"]
    )

    assert answer == (answer.id, f"{tracking.url}/#/experiments/1/runs/{answer.id}", True, 8)
    assert tracking.experiments == {"digits": "1"}
    assert run.params == {"dataset.name": "digits", "training.epochs": "3", "training.shuffle": "true"}
    assert run.tags.items() >= {
        ("trainyard.id", samples.ID),
        ("trainyard.url", f"{TRAINYARD}/experiments/{samples.ID}"),
        ("trainyard.tags", "a, b"),
        ("mlflow.user", "ann"),
        ("mlflow.note.content", "why"),
    }
    assert (run.info["run_name"], run.info["status"]) == ("mine", "FINISHED")
    assert (run.info["start_time"], run.info["end_time"]) == (START, START + 60_000)
    assert run.values("loss") == [(0, 1.0), (1, "NaN"), (2, pytest.approx(1 / 3))]
    assert [each["timestamp"] - START for each in run.metrics if each["key"] == "loss"] == [500, 1_000, 1_500]
    assert (run.values("published_val_accuracy"), run.values("test_accuracy")) == ([(1, 0.9)], [(1, 0.8)])


def test_exporting_twice_adds_what_is_new(tracking: Tracking) -> None:
    running = {"status": "running", "started_at": ENDED["started_at"]}
    first, run = exported(tracking, history(700), **running)
    assert run.info["status"] == "RUNNING"

    again, _ = exported(tracking, history(1_200), **ENDED, name="renamed")
    last, _ = exported(tracking, history(1_200), **ENDED, name="renamed")

    assert (again.id, again.is_new, again.metrics, last.metrics) == (first.id, False, 2 * 500 + 2, 0)
    assert len(tracking.runs) == 1
    assert [step for step, _ in run.values("val_accuracy")] == list(range(1_200))
    assert (run.info["run_name"], run.info["status"]) == ("renamed", "FINISHED")


def test_large_spec_fits_into_batches(tracking: Tracking) -> None:
    """A request may have 100 parameters and 1 MB; a parameter 6,000 characters, of which each may take six bytes."""
    weights = {f"고양이 {number} (집/a)": float(number) for number in range(150)}
    texts = {f"text{number}": "고" * 7_000 for number in range(60)}
    spec = {"model": {"layers": LAYERS}, "training": {"class_weight": weights, **texts}}

    _, run = exported(tracking, history(1), spec=spec)

    assert run.params["training.class_weight.고양이 149 _집_a_"] == "149.0"
    assert len(run.params) == 1 + 150 + 60
    assert {len(value) for key, value in run.params.items() if key.startswith("training.text")} == {6_000}
    assert run.params["model.layers"].startswith('[{"type": "Dense"')


def test_interrupted_export_is_completed(tracking: Tracking) -> None:
    tracking.failing = "POST runs/log-batch"
    with pytest.raises(TrackingError, match="rejected runs/log-batch: the database is away"):
        exported(tracking, history(3), **ENDED)
    tracking.failing = None

    answer, run = exported(tracking, history(3), **ENDED)

    assert (len(tracking.runs), answer.is_new, len(run.metrics)) == (1, False, 8)


def test_other_values_of_an_epoch_are_rejected(tracking: Tracking) -> None:
    _, run = exported(tracking, history(3), **ENDED)

    with pytest.raises(
        TrackingError, match=r"other values than the experiment \(loss of epoch 1, loss of epoch 3\)"
    ) as error:
        exported(tracking, history(4, scale=2.0), **ENDED)

    assert error.value.is_rejected
    assert len(run.metrics) == 8


def test_another_experiment_of_mlflow_has_its_own_run(tracking: Tracking) -> None:
    first, _ = exported(tracking, history(2))
    other, _ = exported(tracking, history(2), into="course 7b")

    assert first.id != other.id
    assert set(tracking.experiments) == {"digits", "course 7b"}


def test_epochs_taken_over_lie_before_the_start(tracking: Tracking) -> None:
    _, run = exported(tracking, history(4), **ENDED, initial_epoch=2)

    assert [each["timestamp"] - START for each in run.metrics if each["key"] == "loss"] == [-500, 0, 500, 1_000]


def test_credentials_are_those_of_mlflow(tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    exported(tracking, history(1))
    assert tracking.authorizations == {"Basic YW5uOnNlY3JldA=="}
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abc")
    exported(tracking, history(1))
    assert "Bearer abc" in tracking.authorizations


def test_silent_or_foreign_server_is_an_error(tracking: Tracking) -> None:
    with pytest.raises(TrackingError, match="'name' exceeds") as error:
        exported(tracking, history(1), into="x" * 501)
    assert error.value.is_rejected
    for address in ("http://127.0.0.1:1", "nonsense"):
        with pytest.raises(TrackingError, match="no MLflow answers at"), TrackingServer(address) as server:
            server.experiment_id("digits")


@pytest.mark.parametrize(
    ("route", "answer", "expected"),
    [
        ("GET experiments/get-by-name", {"status": "ok"}, "experiment.experiment_id"),
        ("GET experiments/get-by-name", {"experiment": []}, "experiment.experiment_id"),
        ("POST experiments/create", {}, "experiment_id"),
        ("POST runs/search", {"runs": [{"info": {}}]}, "info.run_id"),
        ("POST runs/search", {"runs": [{"data": {"params": [1]}}]}, "runs with params"),
        ("POST runs/search", {"runs": {"first": 1}}, "runs with params"),
        ("POST runs/create", {"run": {"info": None}}, "run.info.run_id"),
        ("GET metrics/get-history", {"metrics": [{"step": 1}]}, "metrics with values"),
    ],
)
def test_other_json_is_not_of_mlflow(tracking: Tracking, route: str, answer: dict[str, Any], expected: str) -> None:
    if route == "GET metrics/get-history":
        exported(tracking, history(1))
    tracking.answers[route] = answer

    with pytest.raises(TrackingError, match=f"is not MLflow: its JSON has no {expected};"):
        exported(tracking, history(1))


def test_password_of_the_address_is_not_shown(tracking: Tracking) -> None:
    address = tracking.url.replace("://", "://ann:p%40ssword@")
    experiment = Experiment.model_validate(samples.experiment())
    with TrackingServer(address) as server:
        run = export_run(server, experiment, history(1), TRAINYARD)
        tracking.failing = "POST runs/log-batch"
        with pytest.raises(TrackingError, match=f"MLflow at {tracking.url} rejected"):
            export_run(server, experiment, history(2), TRAINYARD)

    assert run.url.startswith(f"{tracking.url}/#/experiments/")
    assert tracking.authorizations == {"Basic YW5uOnBAc3N3b3Jk"}


@pytest.mark.parametrize("address", ["http://ann:secret@127.0.0.1:1", "ann:secret@nonsense", "http://ann:secret@[::1"])
def test_unreachable_address_is_shown_without_password(address: str) -> None:
    with pytest.raises(TrackingError, match="no MLflow answers at") as caught, TrackingServer(address) as server:
        server.experiment_id("digits")
    assert "secret" not in str(caught.value)
