"""Priorities, order and pause of the queue over HTTP."""

from collections.abc import Callable
from typing import Any, cast
from unittest.mock import Mock

import pytest

from models_store import keys
from models_store.datasets.claim import ConversionClaim
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Progress
from models_store.jobs.queue import TRAINING
from models_store.jobs.workers import Device, Worker
from models_store.store import Store
from settings import Settings
from specs.experiment import ExperimentSpec
from specs.quota import QuotaSpec
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.worker.sweeps.trainings import supervisor

Spec = Callable[..., ExperimentSpec]
UNKNOWN = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"


@pytest.fixture
def three(client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> list[str]:
    return [api_store.experiments.create(tiny_spec()).id for _ in range(3)]


def order(client: ApiClient) -> list[str]:
    return [each["id"] for each in client.get("/queue").json()["items"]]


def test_posted_priority_decides_the_order(client: ApiClient, three: list[str], tiny_document: JsonObject) -> None:
    posted = client.post("/experiments?priority=10", json=tiny_document).json()
    assert (posted["priority"], client.get(f"/experiments/{posted['id']}").json()["queue_position"]) == (10, 1)
    assert order(client) == [posted["id"], *three]
    [first, *_] = client.get("/queue").json()["items"]
    assert (first["priority"], first["sweep"]) == (10, None)


def test_edited_priority_decides_the_order(client: ApiClient, three: list[str]) -> None:
    edited = client.patch(f"/experiments/{three[0]}", json={"priority": -1}).json()
    assert edited["priority"] == -1
    assert order(client) == [three[1], three[2], three[0]]


@pytest.mark.parametrize("priority", [101, -101, 1.5, "high"])
def test_priority_out_of_range_is_rejected(
    client: ApiClient, three: list[str], tiny_document: JsonObject, priority: object
) -> None:
    answer = client.patch(f"/experiments/{three[0]}", json={"priority": priority})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/priority")
    assert client.post(f"/experiments?priority={priority}", json=tiny_document).status_code == 422
    assert order(client) == three


def test_reordered_ones_come_first(client: ApiClient, three: list[str]) -> None:
    answer = client.post("/queue:reorder", json={"ids": [three[2], three[1]]})
    assert [each["id"] for each in answer.json()["items"]] == [three[2], three[1], three[0]]
    assert order(client) == [three[2], three[1], three[0]]


def test_reordering_leaves_out_what_has_started(client: ApiClient, api_store: Store, three: list[str]) -> None:
    assert TrainingClaim.acquire(api_store.training_jobs, three[2], worker="host:7") is not None
    assert client.post("/queue:reorder", json={"ids": [three[2], three[1]]}).is_success
    assert order(client) == [three[1], three[0]]


@pytest.mark.parametrize(
    ("ids", "pointers"),
    [
        ([], {"/ids"}),
        (None, {"/ids"}),
        (["x"], {"/ids/0"}),
        ([UNKNOWN, UNKNOWN], {"/ids/0"}),
        ([UNKNOWN] * 1001, {"/ids"}),
    ],
)
def test_invalid_reordering_is_rejected(client: ApiClient, three: list[str], ids: object, pointers: set[str]) -> None:
    answer = client.post("/queue:reorder", json={"ids": ids})
    assert (answer.status_code, {each["pointer"] for each in answer.json()["errors"]}) == (422, pointers)
    assert order(client) == three


def test_reordering_unknown_experiment_is_rejected(client: ApiClient, three: list[str]) -> None:
    answer = client.post("/queue:reorder", json={"ids": [three[2], UNKNOWN]})
    assert (answer.status_code, UNKNOWN in answer.json()["detail"]) == (404, True)
    assert order(client) == three


def test_sweep_moves_with_its_waiting_trials(
    client: ApiClient, api_store: Store, three: list[str], tiny_document: JsonObject
) -> None:
    training = {**tiny_document["training"], "batch_size": {"$search": {"choice": [16, 32, 64]}}}
    document = {"parallel": 2, "experiment": {**tiny_document, "training": training}}
    sweep = client.post("/sweeps", json=document).raise_for_status().json()["id"]
    supervisor(api_store, Settings()).advance_sweep(sweep)
    trials = [each.experiment_id for each in api_store.sweeps.read(sweep).trials]
    assert order(client) == [*three, *trials]

    answer = client.post("/queue:reorder", json={"ids": [three[2], sweep, str(trials[1])]})

    assert answer.is_success, answer.text
    assert order(client) == [three[2], *trials, *three[:2]]


def test_paused_queue_has_no_times(client: ApiClient, api_store: Store, three: list[str]) -> None:
    api_store.workers.beat(Worker(name="host:7", hostname="host", pid=7))
    assert client.get("/queue").json()["items"][0]["starts_in_seconds"] == 0
    paused = client.post("/queue:pause").json()
    assert (paused["paused"], paused["items"][0]["starts_in_seconds"]) == (True, None)
    assert client.post("/queue:pause").json()["paused"], "again"
    assert [each["id"] for each in paused["items"]] == three
    resumed = client.post("/queue:resume").json()
    assert (resumed["paused"], resumed["items"][0]["starts_in_seconds"]) == (False, 0)


def test_worker_that_converts_is_not_free(client: ApiClient, api_store: Store, three: list[str]) -> None:
    api_store.workers.beat(Worker(name="host:7", hostname="host", pid=7))
    with api_store.datasets.receive_archive() as archive:
        archive.write(b"an archive")
        api_store.datasets.add("own", archive)
    assert client.get("/queue").json()["items"][0]["starts_in_seconds"] == 0
    assert ConversionClaim.acquire(api_store.conversion_jobs, "own", worker="host:7") is not None
    items = client.get("/queue").json()["items"]
    assert [(each["id"], each["starts_in_seconds"]) for each in items] == [(each, None) for each in three]


def test_reason_to_wait_is_named(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    usual, insisting = (api_store.experiments.create(tiny_spec(device=each)).id for each in (None, "gpu24"))

    def reasons() -> list[tuple[Any, Any]]:
        items = client.get("/queue").json()["items"]
        assert [each["waits_because"] for each in items] == [
            client.get(f"/experiments/{each}").json()["waits_because"] for each in (usual, insisting)
        ]
        return [(each["waits_because"], each["starts_in_seconds"]) for each in items]

    assert reasons() == [("no worker is alive", None)] * 2
    device = Device(kind="cpu", name="AMD EPYC 7B13")
    api_store.workers.beat(Worker(name="host:7", hostname="host", pid=7, device=device))
    assert reasons() == [(None, 0.0), ("no living worker has 24 GB of GPU memory", None)]
    client.post("/queue:pause")
    assert reasons() == [("the queue is paused", None)] * 2
    client.post("/queue:resume")
    claim = TrainingClaim.acquire(api_store.training_jobs, usual, worker="host:7")
    assert claim is not None
    assert client.get(f"/experiments/{usual}").json()["waits_because"] is None


def test_quota_of_the_owner_is_a_reason_to_wait(api_store: Store, tiny_spec: Spec) -> None:
    api_store.workers.beat(Worker(name="host:7", hostname="host", pid=7))
    api_store.quotas.owners.set("ann", QuotaSpec(running=0))
    records = [api_store.experiments.create(tiny_spec(), owner=owner) for owner in ("ann", "bob")]
    first, second = api_store.wait_reasons.explain(records)
    assert "its owner has as many running as allowed" in (first.waits_because or "")
    assert second.waits_because is None


def test_resumed_queue_wakes_none_for_an_absent_class(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    usual, _ = (api_store.experiments.create(tiny_spec(device=each)).id for each in (None, "gpu24"))
    api_store.workers.beat(Worker(name="host:7", hostname="host", pid=7, device=Device(kind="cpu", name="EPYC")))
    client.post("/queue:pause")
    api_store.redis.delete(keys.TRAININGS)
    client.post("/queue:resume")
    assert api_store.queue.pending(TRAINING) == {(usual,)}


def test_what_a_quota_holds_back_has_times(client: ApiClient, api_store: Store, tiny_spec: Spec) -> None:
    """They come after one another."""
    api_store.workers.beat(Worker(name="host:7", hostname="host", pid=7))
    api_store.quotas.owners.set("ann", QuotaSpec(running=1))
    running, *others = (api_store.experiments.create(tiny_spec(), owner="ann").id for _ in range(3))
    claim = TrainingClaim.acquire(api_store.training_jobs, running, worker="host:7")
    assert claim is not None
    claim.show(Progress(phase="training", epoch=1, epochs=2, step=5, steps_per_epoch=10, eta_seconds=30))
    items = client.get("/queue").json()["items"]
    assert [each["id"] for each in items] == others
    assert all("as many running as allowed" in each["waits_because"] for each in items)
    assert [each["starts_in_seconds"] is not None for each in items] == [True, True]
    assert items[0]["starts_in_seconds"] == 30


def test_record_is_shown_without_a_look_at_the_queue(
    client: ApiClient, api_store: Store, tiny_spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its position from there once."""
    record = api_store.experiments.create(tiny_spec(), owner="ann")
    waiting = client.services.store.experiments.waiting
    look = Mock(wraps=waiting._waiting)
    monkeypatch.setattr(waiting, "_waiting", look)
    assert client.get(f"/experiments/{record.id}").json()["queue_position"] == 1
    look.assert_called_once()


def test_changes_of_the_queue_are_announced(client: ApiClient, api_store: Store, three: list[str]) -> None:
    def announced() -> list[str]:
        entries = cast(list[tuple[str, dict[str, str]]], api_store.redis.xrange(keys.EVENTS))
        return [fields["data"] for _, fields in entries if fields["kind"] == "queue"]

    client.patch(f"/experiments/{three[0]}", json={"priority": 1})
    client.post("/queue:reorder", json={"ids": [three[1]]})
    client.post("/queue:pause")
    client.post("/queue:resume")
    assert announced() == ['{"paused":false}', '{"paused":false}', '{"paused":true}', '{"paused":false}']
