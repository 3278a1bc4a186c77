"""The child's end of the pipes to its supervisor, and what ties its life to the supervisor's."""

import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, TypeVar

from pydantic import BaseModel, ValidationError

from worker.jobs.messages import Stop, StopReason

_PR_SET_PDEATHSIG = 1
Job = TypeVar("Job", bound=BaseModel)

log = logging.getLogger(__name__)


class Channel:
    """`report` sends an event; `stop` holds the reason once the supervisor has asked for an end."""

    def __init__(self, events: BinaryIO, requests: BinaryIO) -> None:
        self._events = events
        self._requests = requests
        self._stop: StopReason | None = None

    def report(self, event: BaseModel) -> None:
        self._events.write(event.model_dump_json().encode() + b"\n")

    @property
    def stop(self) -> StopReason | None:
        return self._stop

    def receive(self, job: type[Job]) -> Job | None:
        """Wait for the job, then for requests in the background; None if the supervisor is gone."""
        line = self._requests.readline()
        if not line:
            return None
        threading.Thread(target=self._listen, name="requests", daemon=True).start()
        return job.model_validate_json(line)

    def _listen(self) -> None:
        for line in self._requests:
            try:
                self._stop = Stop.model_validate_json(line).reason
            except ValidationError:
                log.warning("ignored an unknown request: %.200r", line)
        # The supervisor is gone.
        os._exit(1)


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
