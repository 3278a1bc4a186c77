"""Lose, repeat and redeliver messages, and run two replicas of everything."""

import base64
import json
from typing import Any

import httpx2
import pytest

from models_store.jobs.queue import KINDS, TRAINING
from models_store.store import open_store
from tests.support.service import LEASE_SECONDS, Service
from tests.support.store import SLOW_EPOCHS
from tests.support.waiting import PATIENCE_SECONDS, eventually, has_ended

Document = dict[str, Any]

# An API whose process exits between the record and its message.
DIES_BEFORE_THE_WAKE_UP = """
import os, sys, uvicorn
from models_store.jobs.queue import TRAINING, Queue
Queue.enqueue = lambda self, kind, *name: os._exit(9)
uvicorn.run("api.app:create_app", factory=True, http="api.http_protocol:HttpProtocol", port=int(sys.argv[-1]))
"""


def test_experiment_without_message_runs(service: Service, tiny_document: Document) -> None:
    living = service.http.base_url
    dying = service.start_api("-c", DIES_BEFORE_THE_WAKE_UP)
    with pytest.raises(httpx2.TransportError):
        service.http.post("/experiments", json=tiny_document)
    assert dying.wait(PATIENCE_SECONDS) == 9
    service.kill(dying)
    service.http.base_url = living
    [folder] = (service.store / "experiments").glob("0*")

    assert service.wait_for_end(folder.name)["attempts"] == 1
    service.assert_sound(folder.name, epochs=2)


def test_repeated_message_runs_once(service: Service, slow_document: Document) -> None:
    service.start_worker(warm=False)
    experiment_id = service.post(slow_document)
    store = open_store(service.store, service.valkey.url, LEASE_SECONDS, 3, "test")
    for _ in range(20):
        store.queue.enqueue(TRAINING, experiment_id)

    service.wait_for_end(experiment_id)
    with service.valkey.client() as client:
        eventually(lambda: client.llen("trainyard.train") == 0 and client.hlen("unacked") == 0)
    assert service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)["attempts"] == 1


def test_redelivered_message_is_ignored(service: Service, slow_document: Document) -> None:
    """A visibility timeout that is too short redelivers the unacknowledged message while the task runs."""
    service.start_worker(warm=False)
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 2)
    with service.valkey.client() as client:
        [unacked] = client.hvals("unacked")
        message = json.loads(unacked)[0]
        client.lpush("trainyard.train", json.dumps(message))

    service.wait_for_end(experiment_id)
    assert service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)["attempts"] == 1


def test_messages_of_others_are_discarded(service: Service, tiny_document: Document, slow_document: Document) -> None:
    """From every queue, while it trains. The worker that receives them continues, and counts them."""
    first = service.post(slow_document)
    service.wait_for_epochs(first, 1)
    sent = {
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"task": TRAINING.task, "id": "1"},
    }
    sent["properties"] = {"delivery_tag": "1", "delivery_info": {}, "body_encoding": "base64"}
    bodies = (b'"x"', b"[]", b"{}", b"[[], {}, {}]", b'[["a"], {"experiment_id": 7}, {}]', b"\x80\x04K\x01.")
    garbage: list[bytes | str] = [
        "no json at all",
        b"\xff\xfe",
        b"\x80\x04K\x01.",
        "",
        *("7", "[]", "{}", '{"body": "not base 64!"}'),
        json.dumps({"body": ""}),
        *(json.dumps({**sent, "body": base64.b64encode(body).decode()}) for body in bodies),
        json.dumps(
            {**sent, "content-type": "application/x-python-serialize", "body": base64.b64encode(b"N.").decode()}
        ),
    ]
    [worker] = service.workers
    with service.valkey.client() as client:
        for kind in KINDS:
            client.lpush(kind.queue, *garbage)

    second = service.post(tiny_document)
    assert service.wait_for_end(second)["status"] == "succeeded"
    assert service.assert_sound(first, epochs=SLOW_EPOCHS)["attempts"] == 1
    assert not has_ended(worker)
    count = len(garbage) * len(KINDS)
    eventually(lambda: f"discarded_messages_total {count}.0" in service.http.get("/metrics").text)
    assert service.log_text("worker*").count("was discarded, because it is none of this service's") == count


def test_two_replicas_run_nothing_twice(service: Service, slow_document: Document) -> None:
    service.start_api()
    experiments = [service.post(slow_document) for _ in range(2)]
    service.valkey.kill()
    service.valkey.restart(empty=True)

    for experiment_id in experiments:
        service.wait_for_end(experiment_id)
        assert service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)["attempts"] == 1


def test_order_outlasts_killed_workers(service: Service, tiny_document: Document, slow_document: Document) -> None:
    """Of four that wait, with a worker killed while it trains the first one, each runs once, in the order asked for."""
    service.ask("POST", "/queue:pause")
    a, b, c = (service.post(tiny_document) for _ in range(3))
    first = service.post(slow_document)
    assert service.ask("PATCH", f"/experiments/{b}", json={"priority": 1}).is_success
    assert service.ask("POST", "/queue:reorder", json={"ids": [first]}).is_success
    [worker] = service.workers
    service.ask("POST", "/queue:resume")
    service.wait_for_epochs(first, 2)
    service.kill(worker)
    service.valkey.kill()
    service.valkey.restart(empty=True)
    service.start_worker(warm=False)

    records = [service.wait_for_end(each) for each in (first, b, a, c)]

    assert [each["started_at"] for each in records] == sorted(each["started_at"] for each in records)
    assert [each["attempts"] for each in records] == [2, 1, 1, 1]
    service.assert_sound(first, epochs=SLOW_EPOCHS)


def test_pause_outlasts_restarts(service: Service, tiny_document: Document) -> None:
    assert service.ask("POST", "/queue:pause").json()["paused"]
    for each in (*service.apis, *service.workers):
        service.kill(each)
    service.valkey.kill()
    service.valkey.restart(empty=True)
    service.start_api()
    service.start_worker(warm=False)

    experiment_id = service.post(tiny_document)

    eventually(lambda: "the queue is paused" in service.log_text("worker*"))
    assert (service.get(experiment_id)["status"], service.ask("GET", "/queue").json()["paused"]) == ("queued", True)
    service.ask("POST", "/queue:resume")
    assert service.wait_for_end(experiment_id)["status"] == "succeeded"
