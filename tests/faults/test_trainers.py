"""Experiments that one trainer trains in turn, and what ends it."""

import signal
from typing import Any

import psutil

from tests.support.service import Service
from tests.support.waiting import eventually

Document = dict[str, Any]


def train(service: Service, document: Document, status: str = "succeeded") -> int:
    """The trainer of an experiment that has ended."""
    experiment_id = service.post(document)
    assert service.wait_for_end(experiment_id)["status"] == status
    return service.trainer_of(experiment_id)


def waits(service: Service, trainer: int) -> bool:
    return f"trainer {trainer} waits for another experiment" in service.log_text("worker*")


def changed(document: Document, **training: Any) -> Document:
    return {**document, "training": {**document["training"], **training}}


def test_one_trainer_trains_three_experiments(service: Service, tiny_document: Document) -> None:
    posted = [service.post(changed(tiny_document, seed=seed)) for seed in (1, 2, 3, 1)]
    for experiment_id in posted:
        service.wait_for_end(experiment_id)
        service.assert_sound(experiment_id, epochs=2)

    assert len({service.trainer_of(experiment_id) for experiment_id in posted}) == 1
    first, *others = (service.history(experiment_id)["history"] for experiment_id in posted)
    assert [history == first for history in others] == [False, False, True]


def test_failure_is_followed_by_a_fresh_trainer(service: Service, tiny_document: Document) -> None:
    first = train(service, tiny_document)
    layers = [{"type": "Flatten"}, {"type": "Dense", "units": 32, "activation": "relu"}, {"type": "Dense"}]
    diverging = changed(
        {**tiny_document, "model": {"layers": layers}}, optimizer={"type": "SGD", "learning_rate": 1e30}
    )
    failed = train(service, diverging, "failed")
    following = train(service, tiny_document)

    assert failed == first
    assert following != first
    assert not psutil.pid_exists(first)


def test_cancel_is_followed_by_a_fresh_trainer(service: Service, tiny_document: Document) -> None:
    experiment_id = service.post(changed(tiny_document, epochs=5000))
    service.wait_for_epochs(experiment_id, 1)
    cancelled = service.trainer_of(experiment_id)
    service.ask("POST", f"/experiments/{experiment_id}:cancel")
    service.wait_for_status(experiment_id, "cancelled")

    assert train(service, tiny_document) != cancelled
    assert not psutil.pid_exists(cancelled)


def test_deterministic_experiments_have_fresh_trainers(service: Service, tiny_document: Document) -> None:
    deterministic = changed(tiny_document, deterministic=True)
    trainers = [train(service, each) for each in (tiny_document, deterministic, deterministic, tiny_document)]

    assert len(set(trainers)) == 4


def test_trainer_killed_between_runs_is_unnoticed(service: Service, tiny_document: Document) -> None:
    trainer = train(service, tiny_document)
    eventually(lambda: waits(service, trainer))
    psutil.Process(trainer).send_signal(signal.SIGKILL)

    experiment_id = service.post(tiny_document)
    record = service.wait_for_end(experiment_id)
    assert (record["status"], record["attempts"], record["interruptions"]) == ("succeeded", 1, 0)
    assert service.trainer_of(experiment_id) != trainer
    service.assert_sound(experiment_id, epochs=2)
