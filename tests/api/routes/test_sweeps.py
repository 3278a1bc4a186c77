"""Sweeps over HTTP."""

import csv
from typing import Any

import pytest

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Status
from models_store.jobs.failure import Failure
from models_store.models.pins import Pin
from models_store.store import Store
from models_store.sweeps.record import SweepStatus
from models_store.sweeps.trial import TrialStatus
from settings import Settings
from tests.support.api import ApiClient
from tests.worker.sweeps.trainings import fail, queued, run, supervisor, train
from worker.jobs.supervisor import Supervisor

Document = dict[str, Any]


@pytest.fixture
def worker(api_store: Store, settings: Settings) -> Supervisor:
    return supervisor(api_store, settings)


@pytest.fixture
def document(tiny_document: Document) -> Document:
    training = {**tiny_document["training"], "batch_size": {"$search": {"choice": [16, 32, 64]}}}
    return {"name": "sizes", "experiment": {**tiny_document, "training": training}}


def ended(client: ApiClient, store: Store, worker: Supervisor, document: Document) -> Document:
    posted = client.post("/sweeps", json=document).json()
    run(store, worker, store.sweeps.read(posted["id"]))
    answer: Document = client.get(f"/sweeps/{posted['id']}").json()
    return answer


def test_posted_sweep_is_accepted(client: ApiClient, document: Document) -> None:
    response = client.post("/sweeps", json=document)
    assert response.status_code == 202
    sweep = response.json()
    assert response.headers["Location"] == f"/sweeps/{sweep['id']}"
    assert (sweep["status"], sweep["method"], sweep["points"], sweep["checked"]) == ("running", "grid", 3, 3)
    assert client.get("/sweeps").json()["items"][0]["id"] == sweep["id"]


def test_sweep_in_yaml_is_accepted(client: ApiClient) -> None:
    body = "experiment: {model: {preset: digits-cnn}, training: {batch_size: {$search: {choice: [32, 64]}}}}"
    assert client.post("/sweeps", content=body).status_code == 202


def test_dry_run_starts_nothing(client: ApiClient, document: Document) -> None:
    document["experiment"]["training"]["batch_size"]["$search"]["choice"].append(100_000)
    response = client.post("/sweeps?dry_run=true", json=document)
    assert response.status_code == 200
    plan = response.json()
    assert (plan["points"], plan["trials"], plan["checked"]) == (4, 4, 4)
    [infeasible] = plan["infeasible"]
    assert infeasible["problems"][0]["pointer"] == "/experiment/training/batch_size"
    assert plan["estimate"]["seconds"] > 0
    assert client.get("/sweeps").json()["items"] == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"method": "griddy"}, "/method"),
        ({"trials": 0}, "/trials"),
        ({"start_with": [{"training.epochs": 3}]}, "/start_with/0/training.epochs"),
        ({"from": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"}, "/from"),
        ({"experiment": {"model": {"preset": "digits-cnn"}}}, "/experiment"),
        ({"method": "grid", "trials": 2}, "/method"),
    ],
)
def test_invalid_sweep_is_rejected_with_a_pointer(
    client: ApiClient, document: Document, change: Document, pointer: str
) -> None:
    response = client.post("/sweeps", json={**document, **change})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer


def test_sweep_without_a_valid_point_is_rejected(client: ApiClient, document: Document) -> None:
    document["experiment"]["training"]["batch_size"]["$search"]["choice"] = [100_000, 200_000]
    response = client.post("/sweeps", json=document)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/experiment/training/batch_size"


@pytest.mark.parametrize(
    ("sizes", "pointer"),
    [({"$search": {"choice": []}}, "/experiment/training/batch_size/$search/choice"), (32, "/experiment")],
)
def test_sweep_of_no_point_is_rejected(client: ApiClient, document: Document, sizes: object, pointer: str) -> None:
    document["experiment"]["training"]["batch_size"] = sizes
    response = client.post("/sweeps", json=document)
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, pointer)


def test_sweep_of_one_point_tries_it_once(
    client: ApiClient, api_store: Store, worker: Supervisor, document: Document
) -> None:
    document["experiment"]["training"]["batch_size"]["$search"]["choice"] = [32]
    sweep = ended(client, api_store, worker, document)
    assert (sweep["status"], [trial["number"] for trial in sweep["trials"]]) == ("succeeded", [0])
    assert sweep["conclusion"].endswith("it was trained once")


def test_grid_of_a_billion_points_is_rejected(client: ApiClient, document: Document) -> None:
    training = document["experiment"]["training"]
    training["batch_size"] = {"$search": {"int": [1, 1000]}}
    training["seed"] = {"$search": {"int": [1, 1_000_000]}}
    response = client.post("/sweeps", json={**document, "method": "grid"})
    assert response.status_code == 422
    assert "1,000,000,000 points" in response.json()["detail"]
    assert "raise it" not in response.json()["detail"], "no sweep may have as many trials"
    assert client.post("/sweeps?dry_run=true", json=document).json()["method"] == "tpe"


def test_ended_sweep_shows_what_came_out(
    client: ApiClient, api_store: Store, worker: Supervisor, document: Document
) -> None:
    sweep = ended(client, api_store, worker, {**document, "repeats": {"seeds": 2, "of_best": 1}})
    assert sweep["status"] == "succeeded"
    assert sweep["best"]["point"] == {"training.batch_size": 32}
    assert [each["number"] for each in sweep["best_so_far"]] == [0, 1]
    assert sweep["counts"] == {"succeeded": 5}
    assert sweep["repeated"][0]["n"] == 2
    assert sweep["budget"] == {"trials": 0, "minutes": None}
    [listed] = client.get("/sweeps").json()["items"]
    assert (listed["tried"], listed["planned"], listed["dataset"]) == (3, 3, "digits")
    assert "trial 1" in sweep["conclusion"]
    trials = client.get(f"/experiments?sweep={sweep['id']}").json()["items"]
    assert sorted(each["trial"] for each in trials) == [0, 1, 2, 3, 4]
    summaries = client.get(f"/experiments?fields=summary&sweep={sweep['id']}&status=succeeded").json()
    assert summaries["total"] == 5
    table = client.get(f"/sweeps/{sweep['id']}/trials.csv").text.splitlines()
    rows = list(csv.DictReader(table))
    assert [row["training.batch_size"] for row in rows] == ["16", "32", "64", "32", "32"]
    assert rows[3]["repeat_of"] == "1"


def test_running_trial_is_shown_live(
    client: ApiClient, api_store: Store, worker: Supervisor, document: Document
) -> None:
    posted = client.post("/sweeps", json={**document, "parallel": 2}).json()
    worker.advance_sweep(posted["id"])
    sweep = client.get(f"/sweeps/{posted['id']}").json()
    assert [each["status"] for each in sweep["trials"]] == ["queued", "queued"]
    assert sweep["forecast"] is None
    train(api_store, sweep["trials"][0]["experiment_id"])
    worker.advance_sweep(posted["id"])
    sweep = client.get(f"/sweeps/{posted['id']}").json()
    assert sweep["counts"] == {"succeeded": 1, "queued": 2}
    assert sweep["forecast"]["seconds"] > 0


def test_paused_sweep_continues_on_request(
    client: ApiClient, api_store: Store, worker: Supervisor, document: Document
) -> None:
    posted = client.post("/sweeps", json=document).json()
    path = f"/sweeps/{posted['id']}"
    assert client.patch(path, json={"paused": True}).json()["status"] == "paused"
    worker.advance_sweep(posted["id"])
    assert client.get(path).json()["trials"] == []
    assert client.patch(path, json={"paused": False, "parallel": 1}).json()["status"] == "running"
    worker.advance_sweep(posted["id"])
    assert len(client.get(path).json()["trials"]) == 1
    assert client.patch(path, json={"trials": None}).status_code == 422
    assert client.patch(path, json={"trial": 3}).status_code == 422


def test_cancelled_sweep_stops_its_trials_at_once(
    client: ApiClient, api_store: Store, worker: Supervisor, document: Document
) -> None:
    """No worker looks at the sweep: the only one there is trains a trial."""
    posted = client.post("/sweeps", json=document).json()
    worker.advance_sweep(posted["id"])
    running, waiting = queued(api_store, api_store.sweeps.read(posted["id"]))
    assert TrainingClaim.acquire(api_store.training_jobs, running, worker="trainer") is not None
    assert client.post(f"/sweeps/{posted['id']}:cancel").status_code == 202
    assert api_store.experiments.read(running).cancel_requested
    assert api_store.experiments.read(waiting).status is Status.CANCELLED


def test_cancelled_sweep_cannot_be_changed(
    client: ApiClient, api_store: Store, worker: Supervisor, document: Document
) -> None:
    posted = client.post("/sweeps", json=document).json()
    worker.advance_sweep(posted["id"])
    waiting = queued(api_store, api_store.sweeps.read(posted["id"]))
    assert client.post(f"/sweeps/{posted['id']}:cancel").status_code == 202
    worker.advance_sweep(posted["id"])
    assert client.get(f"/sweeps/{posted['id']}").json()["status"] == "cancelled"
    assert {api_store.experiments.read(each).status for each in waiting} == {Status.CANCELLED}
    assert client.patch(f"/sweeps/{posted['id']}", json={"trials": 50}).status_code == 409
    assert client.post(f"/sweeps/{posted['id']}:cancel").status_code == 409


def test_warm_start_knows_results_of_another_sweep(
    client: ApiClient, api_store: Store, worker: Supervisor, document: Document
) -> None:
    first = ended(client, api_store, worker, document)
    document["experiment"]["training"]["batch_size"]["$search"]["choice"].append(128)
    plan = client.post("/sweeps?dry_run=true", json={**document, "from": first["id"]}).json()
    assert plan["known"] == 3
    second = ended(client, api_store, worker, {**document, "from": first["id"]})
    assert [each["point"] for each in second["trials"]] == [{"training.batch_size": 128}]


def test_unknown_sweep_is_not_found(client: ApiClient) -> None:
    for path in ("/sweeps/01K6W3E8Z4T5V6X7Y8Z9A0B1C2", "/sweeps/x"):
        assert client.get(path).status_code == 404
        assert client.patch(path, json={"trials": 3}).status_code == 404
        assert client.post(f"{path}:cancel").status_code == 404


@pytest.mark.parametrize("kind", ["history", "parallel", "slices", "contour", "importance"])
def test_sweep_is_plotted(
    client: ApiClient, api_store: Store, worker: Supervisor, document: Document, kind: str
) -> None:
    sweep = ended(client, api_store, worker, document)
    path = f"/sweeps/{sweep['id']}/plots/{kind}.png"
    response = client.get(path)
    assert response.headers["content-type"] == "image/png"
    assert client.get(path, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    assert client.get(f"/sweeps/{sweep['id']}/plots/pie.png").status_code == 422


def test_same_idempotency_key_starts_one_sweep(client: ApiClient, document: Document) -> None:
    headers = {"Idempotency-Key": "one"}
    first, second = (client.post("/sweeps", json=document, headers=headers).json()["id"] for _ in range(2))
    assert first == second
    assert len(client.get("/sweeps").json()["items"]) == 1
    other = client.post("/sweeps", json={**document, "seed": 3}, headers=headers)
    assert other.status_code == 422
    assert "was used for" in other.json()["detail"]


def test_running_sweep_is_not_deleted(client: ApiClient, document: Document) -> None:
    sweep_id = client.post("/sweeps", json=document).json()["id"]
    for query in ("", "?trials=true"):
        answer = client.delete(f"/sweeps/{sweep_id}{query}")
        assert answer.status_code == 409
        assert "cancel it first" in answer.json()["detail"]
    assert client.delete("/sweeps/01K6W3E8Z4T5V6X7Y8Z9A0B1C2").status_code == 404


def test_deleted_sweep_leaves_its_trials(
    client: ApiClient, api_store: Store, worker: Supervisor, document: Document
) -> None:
    sweep = ended(client, api_store, worker, document)
    experiments = [trial["experiment_id"] for trial in sweep["trials"] if trial["experiment_id"]]
    assert client.delete(f"/sweeps/{sweep['id']}").status_code == 204
    assert client.get(f"/sweeps/{sweep['id']}").status_code == 404
    assert client.get("/sweeps").json()["items"] == []
    assert all(client.get(f"/experiments/{each}").status_code == 200 for each in experiments)


def test_sweep_is_deleted_with_its_trials(
    client: ApiClient, api_store: Store, worker: Supervisor, document: Document
) -> None:
    sweep = ended(client, api_store, worker, document)
    experiments = [trial["experiment_id"] for trial in sweep["trials"] if trial["experiment_id"]]
    api_store.experiments.pins.put(Pin(dataset="digits", experiment_id=experiments[0]))
    rejected = client.delete(f"/sweeps/{sweep['id']}?trials=true")
    assert rejected.status_code == 409
    assert "is pinned" in rejected.json()["detail"]
    assert all(client.get(f"/experiments/{each}").status_code == 200 for each in experiments)

    assert client.delete(f"/sweeps/{sweep['id']}?trials=true&force=true").status_code == 204
    assert api_store.experiments.pins.datasets_of(experiments[0]) == []
    assert client.get(f"/sweeps/{sweep['id']}").status_code == 404
    assert all(client.get(f"/experiments/{each}").status_code == 404 for each in experiments)


def test_retried_trial_rejoins_its_sweep(
    client: ApiClient, api_store: Store, worker: Supervisor, document: Document
) -> None:
    sweep_id = client.post("/sweeps", json=document).json()["id"]
    sweep = api_store.sweeps.read(sweep_id)
    worker.advance_sweep(sweep_id)
    failed = queued(api_store, sweep)[0]
    fail(api_store, failed, Failure(type="killed", message="killed"))
    ended_sweep = run(api_store, worker, sweep)
    assert [trial.status for trial in ended_sweep.trials if trial.experiment_id == failed] == [TrialStatus.FAILED]

    assert client.post(f"/experiments/{failed}:retry").json()["status"] == "queued"
    assert client.get(f"/sweeps/{sweep_id}").json()["status"] == "running"
    again = run(api_store, worker, sweep)
    [trial] = [trial for trial in again.trials if trial.experiment_id == failed]
    assert (trial.status, trial.never_prune) == (TrialStatus.SUCCEEDED, True)
    assert again.status is SweepStatus.SUCCEEDED


def test_retried_trial_of_no_sweep_runs_alone(
    client: ApiClient, api_store: Store, worker: Supervisor, document: Document
) -> None:
    sweep_id = client.post("/sweeps", json=document).json()["id"]
    worker.advance_sweep(sweep_id)
    client.post(f"/sweeps/{sweep_id}:cancel")
    worker.advance_sweep(sweep_id)
    cancelled = api_store.sweeps.read(sweep_id)
    [experiment, *_] = [trial.experiment_id for trial in cancelled.trials if trial.experiment_id]
    assert client.post(f"/experiments/{experiment}:retry").json()["status"] == "queued"
    assert api_store.sweeps.read(sweep_id).status is SweepStatus.CANCELLED
    assert api_store.trials.pruner(api_store.experiments.read(experiment)) is None
