"""A trainer as its supervisor sees it: a process with a pipe in, a pipe out, and an end."""

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys

from pydantic import ValidationError

from worker.training.events import EVENT, Event, Job, Stop, StopReason

# A tenth of a core that others want: enough to be warm in a minute, too little to slow the trainer at work.
_BESIDE_ANOTHER = 10

log = logging.getLogger(__name__)


class TrainerProcess:
    """Started at once; imports TensorFlow, with `niceness`, while it waits for its job. Dies with its supervisor."""

    def __init__(self, niceness: int = 0) -> None:
        read_end, write_end = os.pipe()
        self._events = read_end
        self._unfinished = b""
        self._ended = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "worker.training", str(write_end), str(os.getpid()), str(niceness)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=(write_end,),
            start_new_session=True,
        )
        os.close(write_end)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def begin(self, job: Job) -> None:
        self._send(job.model_dump_json())

    def stop(self, reason: StopReason) -> None:
        """Ask it to end at the next batch boundary."""
        self._send(Stop(reason=reason).model_dump_json())

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - Popen was asked for the pipe
        # A trainer that has died is noticed by the end of its events.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def events(self, seconds: float) -> list[Event]:
        """What it said, waiting at most `seconds` for the first word."""
        if self._ended or not select.select([self._events], [], [], seconds)[0]:
            return []
        data = os.read(self._events, 1 << 16)
        self._ended = not data
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        return [event for line in lines if (event := _parsed(line)) is not None]

    @property
    def has_ended(self) -> bool:
        """True once it has said its last word."""
        return self._ended

    def kill(self) -> None:
        """End it and all that it started, now."""
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
            log.warning("trainer %d did not end within %g s and is killed", self.pid, seconds)
        self.kill()
        return self._process.returncode

    def _close(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        if self._events >= 0:
            os.close(self._events)
            self._events, self._ended = -1, True


def _parsed(line: bytes) -> Event | None:
    try:
        return EVENT.validate_json(line)
    except ValidationError:
        log.warning("a trainer said what is no event: %.200r", line)
        return None


class Spare:
    """Keeps one warm trainer, so that an experiment starts at once."""

    def __init__(self) -> None:
        self._trainer: TrainerProcess | None = TrainerProcess()

    def take(self) -> TrainerProcess:
        """Hand out the spare, or a fresh trainer if it has died."""
        trainer, self._trainer = self._trainer, None
        if trainer is not None and trainer.is_alive:
            return trainer
        if trainer is not None:
            trainer.kill()
        return TrainerProcess()

    def prepare(self) -> None:
        """Start the next one, unless it is there: beside a trainer that has made its first step."""
        if self._trainer is None:
            self._trainer = TrainerProcess(_BESIDE_ANOTHER)

    def close(self) -> None:
        if self._trainer is not None:
            self._trainer.kill()
