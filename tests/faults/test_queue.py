"""Rows 12, 14, 15, 45: lost, repeated and redelivered messages, and two of everything."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from models_store.store import open_store
from tests.support.service import Service
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

Document = dict[str, Any]

# An API whose process dies in the moment between the record and its wake-up.
DIES_BEFORE_THE_WAKE_UP = """
import os, sys, uvicorn
from models_store.jobs.queue import Queue
Queue.wake = lambda self, experiment_id: os._exit(9)
uvicorn.run("api.app:create_app", factory=True, port=int(sys.argv[-1]))
"""


def test_api_killed_between_record_and_message_still_runs_it(
    make_service: Callable[..., Service], tiny_document: Document
) -> None:
    service = make_service()
    dying = service.start_api("-c", DIES_BEFORE_THE_WAKE_UP)
    with pytest.raises(httpx2.TransportError):
        service.http.post("/experiments", json=tiny_document)
    assert dying.wait(10) == 9
    [folder] = (service.store / "experiments").glob("0*")

    service.start_api()
    service.start_worker(warm=False)

    assert service.wait_for_end(folder.name)["attempts"] == 1
    service.assert_sound(folder.name, epochs=2)


def test_the_same_message_twenty_times_to_two_workers_runs_once(
    service: Service, own_valkey: Valkey, slow_document: Document
) -> None:
    service.start_worker(warm=False)
    experiment_id = service.post(slow_document)
    store = open_store(service.store, own_valkey.url, 2.0, 3, "test")
    for _ in range(20):
        store.queue.wake(experiment_id)

    service.wait_for_end(experiment_id)
    with own_valkey.client() as client:
        eventually(lambda: client.llen("trainyard.train") == 0 and client.hlen("unacked") == 0)
    assert service.assert_sound(experiment_id, epochs=14)["attempts"] == 1


def test_redelivery_after_the_visibility_timeout_is_ignored(
    service: Service, own_valkey: Valkey, slow_document: Document
) -> None:
    """What a too short visibility timeout would do: the unacknowledged message goes back while the task runs."""
    service.start_worker(warm=False)
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 2)
    with own_valkey.client() as client:
        [unacked] = client.hvals("unacked")
        message = json.loads(unacked)[0]
        client.lpush("trainyard.train", json.dumps(message))

    service.wait_for_end(experiment_id)
    assert service.assert_sound(experiment_id, epochs=14)["attempts"] == 1


def test_garbage_in_the_queue_stops_neither_the_api_nor_what_follows(
    service: Service, own_valkey: Valkey, tiny_document: Document
) -> None:
    with own_valkey.client() as client:
        client.lpush("trainyard.train", "no json at all")
    [worker] = service.workers
    worker.wait(30)
    service.start_worker(warm=False)

    assert service.wait_for_end(service.post(tiny_document))["status"] == "succeeded"


def test_two_api_replicas_reconcile_without_running_anything_twice(
    service: Service, own_valkey: Valkey, slow_document: Document
) -> None:
    service.start_api()
    experiments = [service.post(slow_document) for _ in range(2)]
    own_valkey.kill()
    own_valkey.restart(empty=True)

    for experiment_id in experiments:
        service.wait_for_end(experiment_id, 120)
        assert service.assert_sound(experiment_id, epochs=14)["attempts"] == 1
