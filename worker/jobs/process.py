"""A child process as its supervisor sees it: a pipe in, a pipe out, and an exit status."""

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import IO, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from worker.jobs.messages import Accepted, Stop

E = TypeVar("E")

_SECRETS = ("REDIS_URL", "TRAINYARD_REDIS_URL")

log = logging.getLogger(__name__)


class ChildProcess(Generic[E]):
    """`python -m MODULE EVENTS_FD SUPERVISOR_PID *ARGUMENTS`, started at once. It dies with its supervisor.

    `events` parses what it reports; `environment` is added to this process's, without what
    opens Redis: it trains what others have posted.
    """

    def __init__(
        self, module: str, events: TypeAdapter[E], *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self._adapter = events
        read_end, write_end = os.pipe()
        self._events = read_end
        self._unfinished = self._unsent = b""
        self._has_ended = False
        self._assigned = self._accepted = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(write_end), str(os.getpid()), *arguments],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=(write_end,),
            start_new_session=True,
            env={**_inherited(), **(environment or {})},
        )
        os.close(write_end)
        os.set_blocking(self._stdin.fileno(), False)

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None  # noqa: S101 - Popen was asked for the pipe
        return self._process.stdin

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def jobs(self) -> int:
        """How many it was assigned."""
        return self._assigned

    @property
    def has_accepted(self) -> bool:
        """Whether it has received the job that it was assigned last."""
        return self._accepted == self._assigned

    def assign(self, job: BaseModel) -> None:
        """Send it a job; `receive` sends what it does not read at once. The end of a dead process is noticed by the end
        of its events."""
        self._assigned += 1
        self._send(job)

    def request(self, stop: Stop) -> None:
        self._send(stop)

    def _send(self, message: BaseModel) -> None:
        self._unsent += message.model_dump_json().encode() + b"\n"
        self._send_more()

    def _send_more(self) -> None:
        """Without waiting: a child that reads nothing must not hold up its supervisor, which renews the lease."""
        try:
            self._unsent = self._unsent[self._stdin.write(self._unsent) or 0 :]
        except BrokenPipeError:
            self._unsent = b""

    def receive(self, seconds: float) -> list[E]:
        """The events since the last call, waiting at most `seconds` for the first. An event of a job before the one
        assigned last is not among them."""
        if self._has_ended:
            return []
        readable, writable, _ = select.select([self._events], [self._stdin] if self._unsent else [], [], seconds)
        if writable:
            self._send_more()
        if not readable:
            return []
        data = os.read(self._events, 1 << 16)
        self._has_ended = not data
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        return [event for line in lines if (event := self._parse(line)) is not None and self._is_current(event)]

    def _is_current(self, event: E) -> bool:
        if isinstance(event, Accepted):
            self._accepted = event.number
        return self.has_accepted

    def _parse(self, line: bytes) -> E | None:
        try:
            return self._adapter.validate_json(line)
        except ValidationError:
            log.warning("ignored an unknown event: %.200r", line)
            return None

    @property
    def has_ended(self) -> bool:
        """True after its last event."""
        return self._has_ended

    def kill(self) -> None:
        """End it and its process group now."""
        if self.is_alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._close()

    def wait(self, seconds: float) -> int:
        """Wait for its end and return its exit status, negative for a signal; kill it after `seconds`."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            log.warning("process %d did not end within %g s and is killed", self.pid, seconds)
        self.kill()
        return self._process.returncode

    def _close(self) -> None:
        self._stdin.close()
        if self._events >= 0:
            os.close(self._events)
            self._events, self._has_ended = -1, True


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _SECRETS}
