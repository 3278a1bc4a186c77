"""Logs that nobody reads, or for which there is no room."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.service import Service
from tests.support.waiting import PATIENCE_SECONDS

Document = dict[str, Any]
# What a process logs goes to a pipe that is full from the start and is never read, or to a disk that is full.
SINKS = {
    "unread pipe": """
reader, sink = os.pipe()
os.set_blocking(sink, False)
try:
    while True:
        os.write(sink, bytes(4096))
except BlockingIOError:
    os.set_blocking(sink, True)
""",
    "full disk": "sink = os.open('/dev/full', os.O_WRONLY)",
}
API = """
from api.server import main
main()
"""
WORKER = """
from celery.__main__ import main
options = ["-P", "prefork", "-c", "1", "--without-gossip", "--without-mingle"]
sys.argv = ["celery", "-A", "worker.app", "worker", *options]
main()
"""


def logging_to(sink: str, program: str) -> str:
    return f"import os, sys\n{SINKS[sink]}\nos.dup2(sink, 1)\nos.dup2(sink, 2)\n{program}"


@pytest.mark.parametrize("sink", SINKS)
def test_blocked_logs_stop_nobody(make_service: Callable[..., Service], tiny_document: Document, sink: str) -> None:
    """What they say first is lost already: the API answers, the worker starts and trains."""
    service = make_service(log_level="DEBUG")
    service.start_api("-c", logging_to(sink, API))
    worker = service.start("worker", "-c", logging_to(sink, WORKER))

    experiment_id = service.post(tiny_document)

    assert service.wait_for_end(experiment_id)["status"] == "succeeded"
    service.assert_sound(experiment_id, epochs=2)
    assert [each["pid"] for each in service.ask("GET", "/workers").json()["items"]] == [worker.pid]
    worker.terminate()
    assert worker.wait(PATIENCE_SECONDS) == 0
