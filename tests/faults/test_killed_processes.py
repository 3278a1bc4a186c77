"""Kill, stop and pause trainers and workers."""

import shutil
import signal
from functools import partial
from typing import Any

import psutil
import pytest

from models_store.errors import Busy
from models_store.files import lock_folder
from tests.support.service import Service
from tests.support.store import SLOW_EPOCHS
from tests.support.waiting import PATIENCE_SECONDS, eventually, has_ended

# What one of them trains without a fault, others are compared with.
pytestmark = pytest.mark.xdist_group("killed")

Document = dict[str, Any]


@pytest.fixture
def slow_document(slow_document: Document) -> Document:
    """Deterministic: what resumes is compared bit for bit."""
    return {**slow_document, "training": {**slow_document["training"], "deterministic": True}}


_uninterrupted: dict[str, dict[str, Any]] = {}


def uninterrupted(service: Service, document: Document) -> dict[str, Any]:
    """The history of the same deterministic spec without a fault; trained once for all tests."""
    key = repr(document)
    if key not in _uninterrupted:
        experiment_id = service.post(document)
        service.wait_for_end(experiment_id)
        _uninterrupted[key] = service.history(experiment_id)["history"]
    return _uninterrupted[key]


def test_killed_trainer_resumes_bit_for_bit(service: Service, slow_document: Document) -> None:
    [worker] = service.workers
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 3)

    service.busy_trainer(worker).kill()

    record = service.wait_for_end(experiment_id)
    service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)
    assert record["attempts"] == 2
    assert service.history(experiment_id)["history"] == uninterrupted(service, slow_document)


def test_killed_transfer_resumes_without_its_source(service: Service, slow_document: Document) -> None:
    [worker] = service.workers
    source = service.post({**slow_document, "training": {**slow_document["training"], "epochs": 2}})
    service.wait_for_end(source)
    document = {**slow_document, "model": {**slow_document["model"], "weights_from": source}}
    whole = uninterrupted(service, document)
    experiment_id = service.post(document)
    service.wait_for_epochs(experiment_id, 3)

    shutil.rmtree(service.store / "experiments" / source)
    service.busy_trainer(worker).kill()

    record = service.wait_for_end(experiment_id)
    service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)
    assert record["attempts"] == 2
    assert record["transferred_layers"] == {"conv2d": "conv2d", "dense": "dense"}
    assert service.history(experiment_id)["history"] == whole
    assert whole["val_accuracy"][0] > 0.9


def test_killed_pool_process_leaves_no_orphan(service: Service, slow_document: Document) -> None:
    [worker] = service.workers
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 2)
    trainer = service.busy_trainer(worker)

    service.pool_child(worker).kill()

    assert_ended_before_next_attempt(service, experiment_id, [trainer])
    service.wait_for_end(experiment_id)
    assert service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)["attempts"] == 2


def test_killed_worker_leaves_no_orphan(service: Service, slow_document: Document) -> None:
    service.start_worker()
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 2)
    worker = service.worker_of(experiment_id)
    trainers = service.trainers(worker)

    worker.kill()

    assert_ended_before_next_attempt(service, experiment_id, trainers)
    service.wait_for_end(experiment_id)
    assert service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)["attempts"] == 2


def test_terminated_worker_returns_its_experiment(service: Service, slow_document: Document) -> None:
    [worker] = service.workers
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 2)

    worker.terminate()

    worker.wait(PATIENCE_SECONDS)
    record = service.get(experiment_id)
    assert (record["status"], record["attempts"], record["interruptions"]) == ("queued", 1, 1)
    service.start_worker()
    service.wait_for_end(experiment_id)
    assert service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)["attempts"] == 2
    assert service.history(experiment_id)["history"] == uninterrupted(service, slow_document)


def test_worker_paused_beyond_its_lease_is_rejected(service: Service, slow_document: Document) -> None:
    service.start_worker()
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 2)
    paused = service.worker_of(experiment_id)
    zombie = service.busy_trainer(paused)

    pause_outside_the_lock(service, paused, experiment_id)
    service.wait_for_end(experiment_id)
    service.signal_all(paused, signal.SIGCONT)

    eventually(lambda: has_ended(zombie))
    record = service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)
    assert record["attempts"] == 2
    assert record["version"] == service.get(experiment_id)["version"]


def test_experiment_killed_three_times_fails(service: Service, slow_document: Document) -> None:
    [worker] = service.workers
    experiment_id = service.post({**slow_document, "training": {**slow_document["training"], "epochs": 500}})
    for attempt in (1, 2, 3):
        eventually(partial(is_at_attempt, service, experiment_id, attempt))
        service.wait_for_status(experiment_id, "running")
        service.busy_trainer(worker).kill()

    record = service.wait_for_end(experiment_id)
    assert (record["status"], record["attempts"]) == ("failed", 3)
    assert record["error"]["type"] == "killed"
    assert "signal 9" in record["error"]["message"]
    following = service.post({**slow_document, "training": {**slow_document["training"], "epochs": 1}})
    assert service.wait_for_end(following)["status"] == "succeeded"


def is_at_attempt(service: Service, experiment_id: str, attempt: int) -> bool:
    return bool(service.get(experiment_id)["attempts"] == attempt)


def assert_ended_before_next_attempt(service: Service, experiment_id: str, trainers: list[psutil.Process]) -> None:
    """Assert that the trainers do not outlive the lease: none is there when the second attempt begins."""
    eventually(lambda: service.get(experiment_id)["attempts"] == 2)
    assert all(has_ended(each) for each in trainers)


def pause_outside_the_lock(service: Service, worker: psutil.Process, experiment_id: str) -> None:
    """Pause a worker while it does not hold the lock of the experiment, as it does for milliseconds in each epoch.

    Paused while it holds the lock, it blocks the experiment (docs/faults.md, "Not covered"): resume and try again.
    """

    def is_paused() -> bool:
        service.signal_all(worker, signal.SIGSTOP)
        try:
            with lock_folder(service.store / "experiments" / experiment_id, seconds=0.5):
                return True
        except Busy:
            service.signal_all(worker, signal.SIGCONT)
            return False

    eventually(is_paused)
