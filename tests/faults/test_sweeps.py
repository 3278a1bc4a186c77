"""Kill every process of the service while a sweep searches."""

from collections.abc import Callable
from typing import Any

import pytest
from ulid import ULID

from tests.support.killed_sweep import KilledSweep, assert_undisturbed
from tests.support.service import TERMINAL, TRAIN_SECONDS, Service
from tests.support.waiting import eventually

Document = dict[str, Any]


@pytest.fixture
def sweep_document(tiny_document: Document) -> Document:
    """Three points and two repeats of the best; deterministic, so that values are compared bit for bit."""
    rate = {"$search": {"float": [1e-3, 0.1], "log": True}}
    training = {
        **tiny_document["training"],
        "deterministic": True,
        "optimizer": {"type": "Adam", "learning_rate": rate},
    }
    experiment = {**tiny_document, "training": training}
    return {"name": "rates", "experiment": experiment, "trials": 3, "repeats": {"seeds": 2, "of_best": 1}}


def post_sweep(service: Service, document: Document) -> str:
    answer = service.ask("POST", "/sweeps", json=document, headers={"Idempotency-Key": str(ULID())})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def get_sweep(service: Service, sweep_id: str) -> Document:
    answer = service.ask("GET", f"/sweeps/{sweep_id}")
    assert answer.status_code == 200, answer.text
    sweep: Document = answer.json()
    return sweep


def wait_for_trials(service: Service, sweep_id: str, count: int) -> None:
    """Until so many have succeeded."""
    eventually(lambda: get_sweep(service, sweep_id)["counts"].get("succeeded", 0) >= count, (count + 1) * TRAIN_SECONDS)


def wait_for_sweep(service: Service, sweep_id: str) -> Document:
    eventually(lambda: get_sweep(service, sweep_id)["status"] in TERMINAL, 5 * TRAIN_SECONDS)
    return get_sweep(service, sweep_id)


def trials_of(sweep: Document) -> list[tuple[Any, ...]]:
    """Without what the clock says, and ids."""
    names = ("number", "point", "repeat_of", "seed", "status", "value")
    return [tuple(trial[name] for name in names) for trial in sweep["trials"]]


@pytest.mark.timeout(1800)  # ten trainings, each in a fresh trainer
def test_killed_service_changes_no_trial(service: Service, sweep_document: Document) -> None:
    undisturbed = wait_for_sweep(service, post_sweep(service, sweep_document))
    assert undisturbed["status"] == "succeeded"

    sweep_id = post_sweep(service, sweep_document)
    wait_for_trials(service, sweep_id, 1)
    service.kill(service.workers[0])
    service.start_worker(warm=False)
    wait_for_trials(service, sweep_id, 2)
    service.kill(service.apis[-1])
    service.valkey.kill()
    service.valkey.restart(empty=True)
    service.start_api()
    wait_for_trials(service, sweep_id, 3)
    service.pool_child(service.workers[0]).kill()

    sweep = wait_for_sweep(service, sweep_id)
    assert trials_of(sweep) == trials_of(undisturbed)
    listed = service.ask("GET", f"/experiments?sweep={sweep_id}").json()["items"]
    assert {each["id"]: each["trial"] for each in listed} == {
        each["experiment_id"]: each["number"] for each in sweep["trials"]
    }
    for each in listed:
        service.assert_sound(each["id"], epochs=2)


@pytest.mark.timeout(3600)  # as many trainings, in a service whose parts have to start again
def test_random_kills_change_no_trial(make_service: Callable[..., Service]) -> None:
    """`benchmarks/sweep_kills.py` in small; every kind of kill has its turn."""
    killed = KilledSweep(make_service(max_attempts=7), trials=20, kills=6, seed=0)
    killed.start()
    assert_undisturbed(killed, killed.run())
