"""Drain workers while they train, and restart the API meanwhile."""

import socket
from typing import Any

from tests.support.service import Service
from tests.support.store import SLOW_EPOCHS
from tests.support.waiting import eventually, has_ended

Document = dict[str, Any]


def shown(service: Service, name: str) -> Document:
    [found] = [each for each in service.http.get("/workers").json()["items"] if each["name"] == name]
    return dict(found)


def drain(service: Service, name: str, **options: str) -> None:
    """Known is a worker whose heartbeat has reached Redis, which was emptied before the test."""
    eventually(lambda: service.ask("POST", "/workers:drain", params={"name": name, **options}).is_success)


def test_drained_worker_finishes_and_starts_no_more(
    service: Service, slow_document: Document, tiny_document: Document
) -> None:
    """It stays so while the API is restarted, until it is resumed."""
    first = service.post(slow_document)
    service.wait_for_epochs(first, 1)
    name = service.get(first)["worker"]
    drain(service, name)
    second = service.post(tiny_document)
    assert service.wait_for_end(first)["attempts"] == 1
    eventually(lambda: "it consumes nothing more" in service.log_text("worker*"))

    service.kill(service.apis[0])
    service.start_api()

    eventually(lambda: shown(service, name)["activities"] == [])
    assert (shown(service, name)["draining"], service.get(second)["status"]) == ("finish", "queued")
    with service.valkey.client() as client:
        eventually(lambda: client.llen("trainyard.train") == 1)
    assert service.http.post("/workers:resume", params={"name": name}).is_success
    record = service.wait_for_end(second)
    assert (record["status"], record["worker"] or name, record["attempts"]) == ("succeeded", name, 1)
    service.assert_sound(first, epochs=SLOW_EPOCHS)


def test_draining_worker_gives_back_to_another(service: Service, slow_document: Document) -> None:
    document = {**slow_document, "training": {**slow_document["training"], "epochs": 1000}}
    [worker] = service.workers
    experiment_id = service.post(document)
    service.wait_for_epochs(experiment_id, 1)
    name = service.get(experiment_id)["worker"]
    other = service.start_worker(warm=False)

    drain(service, name, give_back="true")

    eventually(lambda: (service.get(experiment_id)["worker"] or "").endswith(f":{other.pid}"))
    epochs = len(service.history(experiment_id)["epoch"])
    service.wait_for_epochs(experiment_id, epochs + 1)
    service.http.post(f"/experiments/{experiment_id}:stop")
    record = service.wait_for_end(experiment_id)
    assert (record["attempts"], record["interruptions"], record["stop_reason"]) == (2, 1, "stopped")
    service.assert_sound(experiment_id, epochs=record["epochs_completed"])
    assert not has_ended(worker)
    assert (shown(service, name)["draining"], shown(service, name)["activities"]) == ("give_back", [])


def test_drain_outlasts_a_restart_of_redis(service: Service, tiny_document: Document) -> None:
    """Its worker consumes nothing on the connections that follow, and all of it once it is resumed."""
    [worker] = service.workers
    trained = service.wait_for_end(service.post(tiny_document))
    name = trained["worker"] or f"{socket.gethostname()}:{worker.pid}"
    drain(service, name)
    eventually(lambda: "it consumes nothing more" in service.log_text("worker*"))

    service.valkey.kill()
    service.valkey.restart(empty=True)

    experiment_id = eventually(lambda: posted(service, tiny_document)) or ""
    eventually(lambda: name in [each["name"] for each in service.ask("GET", "/workers").json()["items"]])
    with service.valkey.client() as client:
        eventually(lambda: client.llen("trainyard.train") >= 1)
    assert (shown(service, name)["draining"], service.get(experiment_id)["status"]) == ("finish", "queued")
    assert service.ask("POST", "/workers:resume", params={"name": name}).is_success
    assert service.wait_for_end(experiment_id)["attempts"] == 1
    assert not has_ended(worker)
    service.assert_sound(experiment_id, epochs=2)


def test_worker_killed_while_giving_back_loses_nothing(service: Service, slow_document: Document) -> None:
    """Its trainer is stopped, so that it has given nothing back yet. The drain ends with it."""
    [worker] = service.workers
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 1)
    name = service.get(experiment_id)["worker"]
    service.busy_trainer(worker).suspend()
    drain(service, name, give_back="true")
    eventually(lambda: "it consumes nothing more" in service.log_text("worker*"))
    assert service.get(experiment_id)["status"] == "running"

    service.kill(worker)
    service.start_worker(warm=False)

    record = service.wait_for_end(experiment_id)
    assert (record["attempts"], record["interruptions"]) == (2, 0)
    service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)


def test_worker_of_a_drained_machine_starts_nothing(service: Service, tiny_document: Document) -> None:
    machine = socket.gethostname()
    eventually(lambda: service.ask("GET", "/workers").json()["items"])
    assert service.ask("POST", "/workers:drain", params={"name": machine}).is_success
    service.kill(service.workers[0])
    worker = service.start_worker(warm=False)
    name = f"{machine}:{worker.pid}"

    experiment_id = service.post(tiny_document)

    eventually(lambda: name in [each["name"] for each in service.ask("GET", "/workers").json()["items"]])
    eventually(lambda: "it consumes nothing more" in service.log_text("worker*"))
    assert (shown(service, name)["draining"], service.get(experiment_id)["status"]) == ("finish", "queued")
    assert service.ask("POST", "/workers:resume", params={"name": machine}).is_success
    assert service.wait_for_end(experiment_id)["attempts"] == 1


def posted(service: Service, document: Document) -> str | None:
    """The id, once Redis is there again."""
    answer = service.http.post("/experiments", json=document, headers={"Idempotency-Key": "after the restart"})
    return str(answer.json()["id"]) if answer.is_success else None
