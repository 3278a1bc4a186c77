"""A worker drains, and consumes again, on connections that may be lost."""

from types import SimpleNamespace

import pytest

from models_store.jobs.queue import KINDS
from worker.jobs.consumption import Intake

QUEUES = {kind.queue for kind in KINDS}


class Consumer:
    """Celery's, of one connection, which may be lost: the next one consumes what the last one did."""

    def __init__(self, consumed: set[str]) -> None:
        self.consumed = set(consumed)
        self.is_lost = False
        self.task_consumer = SimpleNamespace(consuming_from=self.consumed.__contains__)

    def add_task_queue(self, queue: str) -> None:
        self._ask()
        self.consumed.add(queue)

    def cancel_task_queue(self, queue: str) -> None:
        self._ask()
        self.consumed.remove(queue)

    def _ask(self) -> None:
        if self.is_lost:
            raise ConnectionError("Connection closed by server.")


def connected(worker: SimpleNamespace, consumed: set[str]) -> Consumer:
    consumer = worker.consumer = Consumer(consumed)
    return consumer


def test_resumed_worker_consumes_on_another_connection() -> None:
    worker = SimpleNamespace(consumer=None)
    intake = Intake(worker)
    intake.set_open(False)
    first = connected(worker, QUEUES)
    intake.set_open(False)
    assert first.consumed == set()

    # Redis is restarted: a worker that begins to consume all is told again.
    for consumed in (set[str](), QUEUES):
        second = connected(worker, consumed)
        intake.set_open(False)
        assert second.consumed == set()
    intake.set_open(True)
    assert second.consumed == QUEUES
    intake.set_open(True)
    assert second.consumed == QUEUES


@pytest.mark.parametrize("is_open", [True, False])
def test_lost_connection_is_asked_again(is_open: bool) -> None:
    worker = SimpleNamespace(consumer=None)
    intake = Intake(worker)
    first = connected(worker, QUEUES)
    if is_open:
        intake.set_open(False)
    first.is_lost = True
    with pytest.raises(ConnectionError):
        intake.set_open(is_open)

    second = connected(worker, first.consumed)
    intake.set_open(is_open)
    assert second.consumed == (QUEUES if is_open else set())


def test_connection_without_channel_is_left_alone() -> None:
    worker = SimpleNamespace(consumer=SimpleNamespace(task_consumer=None))
    Intake(worker).set_open(False)
