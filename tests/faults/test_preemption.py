"""An urgent experiment makes another one give way, also while its worker is killed."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.service import Service
from tests.support.waiting import eventually

Document = dict[str, Any]
EPOCHS = 25


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    service = make_service(preemption=True, preemption_seconds=0, reconcile_seconds=0.2)
    service.start_api()
    service.start_worker(warm=False)
    return service


@pytest.fixture
def low(service: Service, slow_document: Document) -> str:
    """One that trains, in its second epoch."""
    training = {**slow_document["training"], "epochs": EPOCHS}
    experiment_id = service.post({**slow_document, "training": training})
    service.wait_for_epochs(experiment_id, 1)
    return experiment_id


def post_urgent(service: Service, document: Document) -> str:
    answer = service.http.post("/experiments?priority=5", json=document)
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def test_urgent_experiment_is_trained_first(service: Service, low: str, tiny_document: Document) -> None:
    urgent = post_urgent(service, tiny_document)
    first, last = service.wait_for_end(urgent), service.wait_for_end(low)
    assert (first["attempts"], last["attempts"], last["interruptions"]) == (1, 2, 1)
    assert first["ended_at"] < last["ended_at"]
    assert last["preempted_by_priority"] is None
    log = service.http.get(f"/experiments/{low}/log").text
    assert "attempt 1 has ended: queued, gave way to an experiment of a higher priority" in log
    service.assert_sound(low, epochs=EPOCHS)


def test_worker_killed_while_giving_way_loses_nothing(service: Service, low: str, tiny_document: Document) -> None:
    """Its trainer is stopped, so that it has not given way yet."""
    [worker] = service.workers
    trainer = service.busy_trainer(worker)
    trainer.suspend()
    urgent = post_urgent(service, tiny_document)
    assert eventually(lambda: service.get(low)["preempted_by_priority"]) == 5
    service.kill(worker)
    service.start_worker(warm=False)
    first, last = service.wait_for_end(urgent), service.wait_for_end(low)
    assert (first["attempts"], last["attempts"], last["interruptions"]) == (1, 2, 0)
    assert first["ended_at"] < last["ended_at"]
    service.assert_sound(low, epochs=EPOCHS)
