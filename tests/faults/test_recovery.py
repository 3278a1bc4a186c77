"""Lose the machine, and continue with a copy of its store on another one."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.running_up import environment
from tests.support.service import ROOT, Service
from tests.support.store import SLOW_EPOCHS
from tests.support.waiting import PATIENCE_SECONDS

IMAGE = (ROOT / "examples" / "images" / "four.png").read_bytes()


def copy_store(service: Service, copy: Service) -> str:
    """As an operator does, while the service runs."""
    line = [sys.executable, "-m", "trainyard", "store", "copy", str(service.store), str(copy.store)]
    done = subprocess.run(
        line, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS
    )
    return done.stdout


def predict(service: Service) -> Any:
    answer = service.http.post("/predict", files={"file": IMAGE})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["model"], found["predictions"][0]["top"]


def test_service_continues_from_a_copy(
    service: Service, make_service: Callable[..., Service], tiny_document: dict[str, Any], slow_document: dict[str, Any]
) -> None:
    ended = service.post(tiny_document)
    service.wait_for_end(ended)
    running, queued = service.post(slow_document), service.post({**tiny_document, "name": "queued"})
    service.wait_for_epochs(running, 2)
    trainer = service.busy_trainer(service.worker_of(running))
    # It must not end before it is copied.
    trainer.suspend()
    copy = make_service()
    assert "1 result verified by sha256" in copy_store(service, copy)
    before, answer = service.get(ended), predict(service)
    trainer.kill()

    # Another machine: neither Redis nor processes of the first one.
    copy.start_api()
    copy.start_worker(warm=False)
    assert copy.get(ended) == before
    assert predict(copy) == answer
    assert copy.wait_for_end(running)["attempts"] == 2
    copy.assert_sound(running, epochs=SLOW_EPOCHS)
    copy.wait_for_end(queued)
    copy.assert_sound(queued, epochs=2)
    assert [each["id"] for each in copy.ask("GET", "/experiments").json()["items"]] == [queued, running, ended]


_NO_LINKS = """
import errno, os
def link(*_):
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))
os.link = link
"""
_API = f"{_NO_LINKS}from api.server import main\nmain()"
_WORKER = f"""{_NO_LINKS}
import sys
from celery.__main__ import main
sys.argv = ["celery", "-A", "worker.app", "worker"]
main()
"""


@pytest.mark.parametrize("program", [_API, _WORKER], ids=["api", "worker"])
def test_disk_without_links_is_named_at_start(make_service: Callable[..., Service], program: str) -> None:
    service = make_service()
    process = service.start("rejected", "-c", program)
    assert process.wait(PATIENCE_SECONDS) != 0
    assert "two can create the same file (hard links); use a local disk" in service.log_text("rejected")
