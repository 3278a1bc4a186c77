"""Whether a worker consumes its queues."""

import logging
from typing import Any

from models_store.jobs.queue import KINDS

log = logging.getLogger(__name__)


class Intake:
    """The queues that a worker consumes: all, or none while it drains. `worker` is Celery's, whose consumer may be
    about to connect."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._is_closed = False

    def set_open(self, is_open: bool) -> None:
        """Called again and again: a consumer that has connected meanwhile consumes what it did before."""
        consumer = getattr(self._worker, "consumer", None)
        if (is_open and not self._is_closed) or consumer is None or consumer.task_consumer is None:
            return
        for kind in KINDS:
            is_consumed = consumer.task_consumer.consuming_from(kind.queue)
            if is_open and not is_consumed:
                consumer.add_task_queue(kind.queue)
            elif is_consumed and not is_open:
                consumer.cancel_task_queue(kind.queue)
        if self._is_closed is is_open:
            log.info("this worker consumes again" if is_open else "this worker drains: it consumes nothing more")
        self._is_closed = not is_open


class Consumption:
    """A worker that is idle while messages wait, for `max_checks` checks in a row, does not consume: the message next
    in line would reach it within milliseconds. Checks are counted, not seconds, so that a pause of the whole process
    is no sign of it."""

    def __init__(self, max_checks: int) -> None:
        self._max_checks = max_checks
        self._received = 0
        self._idle_checks = 0

    def check(self, waiting: int, is_busy: bool, received: int) -> bool:
        """False if it does not consume. `waiting` counts queues with messages, `received` messages since
        the start."""
        is_idle = waiting > 0 and not is_busy and received == self._received
        self._idle_checks = self._idle_checks + 1 if is_idle else 0
        self._received = received
        return self._idle_checks < self._max_checks
