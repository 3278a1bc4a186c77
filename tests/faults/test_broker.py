"""Workers that the broker does not hear, or that do not hear the broker."""

from collections.abc import Callable
from typing import Any

from tests.support.proxy import bad_network
from tests.support.service import Service
from tests.support.waiting import PATIENCE_SECONDS, eventually

Document = dict[str, Any]

# A worker that stops asking for messages once it is ready, as after an acknowledgement that kombu lost.
DEAF = """
import sys
from celery import signals
from celery.__main__ import main
from models_store.jobs.broker import WakeUps
@signals.worker_ready.connect
def stop_consuming(**_):
    WakeUps.can_consume = lambda self: False
options = ["-P", "prefork", "-c", "1", "--without-gossip", "--without-mingle", "--without-heartbeat"]
sys.argv = ["celery", "-A", "worker.app", "worker", *options]
main()
"""


def test_reset_at_acknowledgement_loses_no_worker(
    make_service: Callable[..., Service], tiny_document: Document
) -> None:
    service = make_service()
    service.start_api()
    with bad_network(service.valkey.port) as proxy:
        service.environment["REDIS_URL"] = proxy.url
        worker = service.start_worker(warm=False)
        proxy.marker = b"ZREM\r\n$13\r\nunacked_index"
        assert service.wait_for_end(service.post(tiny_document))["status"] == "succeeded"
        eventually(lambda: proxy.resets == 1)

        assert service.wait_for_end(service.post(tiny_document))["status"] == "succeeded"
        assert worker.poll() is None
        assert [each["pid"] for each in service.ask("GET", "/workers").json()["items"]] == [worker.pid]
        assert service.http.get("/health/ready").json()["workers"] == 1


def test_deaf_worker_ends_and_is_not_alive(make_service: Callable[..., Service], tiny_document: Document) -> None:
    service = make_service()
    service.start_api()
    deaf = service.start_worker("-c", DEAF, warm=False)
    eventually(lambda: service.http.get("/health/ready").json()["workers"] == 1)

    waiting = service.post(tiny_document)

    assert deaf.wait(PATIENCE_SECONDS) == 1
    assert service.ask("GET", "/workers").json()["items"] == []
    assert service.http.get("/health/ready").json()["workers"] == 0
    service.start_worker(warm=False)
    assert service.wait_for_end(waiting)["status"] == "succeeded"
