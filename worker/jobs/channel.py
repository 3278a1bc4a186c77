"""The child's end of the pipes to its supervisor, and what ties its life to the supervisor's."""

import ctypes
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import BinaryIO, TypeVar

from pydantic import BaseModel, ValidationError

from worker.jobs.messages import Accepted, Stop, StopReason

_PR_SET_PDEATHSIG = 1
Job = TypeVar("Job", bound=BaseModel)

log = logging.getLogger(__name__)


class Channel:
    """`report` sends an event; `stop` holds the reason once the supervisor has asked for an end of the job at hand."""

    def __init__(self, events: BinaryIO, requests: BinaryIO) -> None:
        self._events = events
        self._requests = requests
        self._stop: StopReason | None = None
        self._jobs: SimpleQueue[BaseModel | None] = SimpleQueue()
        self._accepted = 0
        self._is_waiting = False

    def report(self, event: BaseModel) -> None:
        self._events.write(event.model_dump_json().encode() + b"\n")

    @property
    def stop(self) -> StopReason | None:
        return self._stop

    @property
    def has_waiting(self) -> bool:
        """Whether the supervisor has sent a job, or is gone, before the first `receive`."""
        return bool(select.select([self._requests], [], [], 0)[0])

    def receive(self, job: type[Job], seconds: float | None = None) -> Job | None:
        """Wait for the next job and accept it; requests are received in the background. None if no job has come after
        `seconds`, or if the supervisor is gone."""
        self._is_waiting = True
        if not self._accepted:
            threading.Thread(target=self._listen, args=(job,), name="requests", daemon=True).start()
        try:
            received = self._jobs.get(timeout=seconds)
        except Empty:
            return None
        if received is None:
            return None
        self._accepted += 1
        self.report(Accepted(number=self._accepted))
        assert isinstance(received, job)  # noqa: S101 - parsed as one
        return received

    def _listen(self, job: type[BaseModel]) -> None:
        for line in self._requests:
            match _parse(line, job):
                case None:
                    log.warning("ignored an unknown request: %.200r", line)
                case Stop(reason=reason):
                    self._stop = reason
                case received:
                    # A stop that came too late for the last job is no stop of this one.
                    self._stop, self._is_waiting = None, False
                    self._jobs.put(received)
        # The supervisor is gone.
        if not self._is_waiting:
            os._exit(1)
        self._jobs.put(None)


def _parse(line: bytes, job: type[BaseModel]) -> BaseModel | None:
    for kind in (Stop, job):
        with suppress(ValidationError):
            return kind.model_validate_json(line)
    return None


@contextmanager
def connect() -> Iterator[Channel]:
    """Open the pipes of `python -m MODULE EVENTS_FD SUPERVISOR_PID ...` and die with the supervisor."""
    events, supervisor = map(int, sys.argv[1:3])
    _die_with(supervisor)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Not sys.stdin: the interpreter could not finalize it while a thread reads from it.
    requests = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115 - open as long as the process lives
    with os.fdopen(events, "wb", buffering=0) as pipe:
        yield Channel(pipe, requests)


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies for any reason."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit("the supervisor is gone")
