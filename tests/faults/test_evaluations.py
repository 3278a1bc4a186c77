"""Kill the process that evaluates a network on another dataset."""

from collections.abc import Callable
from typing import Any

import orjson
import psutil
import pytest

from tests.faults.test_uploads import upload, wait_until_ready
from tests.support.noise import noisy_digits
from tests.support.service import Service
from tests.support.waiting import eventually, has_ended


def evaluators(worker: psutil.Process) -> list[psutil.Process]:
    try:
        return [each for each in worker.children(recursive=True) if "worker.evaluation" in each.cmdline()]
    except psutil.NoSuchProcess:
        return []


@pytest.fixture
def request_evaluation(service: Service, tiny_document: dict[str, Any]) -> Callable[[], str]:
    """Train on digits, request an evaluation on an upload of other sizes, and return its path."""

    def ask() -> str:
        experiment_id = service.post(tiny_document)
        upload(service, "noise", noisy_digits(("7", "2", "5"), train=300))
        service.wait_for_end(experiment_id)
        wait_until_ready(service, "noise")
        answer = service.ask("POST", f"/experiments/{experiment_id}/evaluations", json={"dataset": "noise"})
        assert answer.status_code == 202, answer.text
        return answer.headers["location"]

    return ask


def wait_for_end(service: Service, path: str) -> dict[str, Any]:
    eventually(lambda: service.ask("GET", path).json()["status"] in ("succeeded", "failed"))
    view: dict[str, Any] = service.ask("GET", path).json()
    return view


def assert_done_once(service: Service, path: str, attempts: int) -> None:
    """Assert that all metrics are there and no marker and no partial file is left."""
    view = wait_for_end(service, path)
    assert (view["status"], view["attempts"]) == ("succeeded", attempts), view
    assert view["evaluation"]["samples"] == 900
    folder = service.store / path.strip("/")
    eventually(lambda: sorted(each.name for each in folder.iterdir()) == ["record.json", "result"])
    assert orjson.loads((folder / "record.json").read_bytes())["id"] == view["id"]
    eventually(lambda: not list((service.store / "evaluations").iterdir()))
    _, _, experiment_id, _, dataset = path.split("/")
    ending = f"evaluation {experiment_id} {dataset}, attempt {attempts}: succeeded"
    eventually(lambda: service.log_text("worker*").count(ending) == 1)


def test_killed_evaluation_is_repeated_once(service: Service, request_evaluation: Callable[[], str]) -> None:
    path = request_evaluation()
    [worker] = service.workers
    eventually(lambda: evaluators(worker))[0].kill()

    assert_done_once(service, path, attempts=2)


def test_killed_worker_leaves_no_evaluator(service: Service, request_evaluation: Callable[[], str]) -> None:
    path = request_evaluation()
    [worker] = service.workers
    [evaluator] = eventually(lambda: evaluators(worker))
    service.pool_child(worker).kill()

    eventually(lambda: has_ended(evaluator))
    assert_done_once(service, path, attempts=2)


def test_deleting_an_experiment_ends_its_evaluation(service: Service, request_evaluation: Callable[[], str]) -> None:
    path = request_evaluation()
    [worker] = service.workers
    [evaluator] = eventually(lambda: evaluators(worker))
    experiment = path.split("/evaluations")[0]

    eventually(lambda: service.http.delete(f"{experiment}?force=true").status_code == 204)

    eventually(lambda: has_ended(evaluator))
    assert service.ask("GET", path).status_code == 404
    eventually(lambda: not list((service.store / "evaluations").iterdir()))
    assert "Traceback" not in service.log_text("worker*")
