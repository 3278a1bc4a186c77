"""One process that `trainyard up` runs, and how it ended."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Command:
    """What to run.

    `environment` is added to our own. `grace_seconds` is how long it may take to end when asked.
    """

    name: str
    argv: tuple[str, ...]
    folder: Path
    log: Path
    grace_seconds: float
    environment: Mapping[str, str]
    inherited_fds: tuple[int, ...] = ()


class Child:
    """A running `Command`, started by the constructor, in a session of its own.

    A Ctrl-C in the terminal does not reach it. On Linux the kernel sends it SIGTERM when the thread that
    started it ends, however that comes about.
    """

    def __init__(self, command: Command) -> None:
        self.command = command
        self._started = time.monotonic()
        self._is_gone = False
        with command.log.open("ab") as log:
            self._process = subprocess.Popen(
                command.argv,
                cwd=command.folder,
                env={**os.environ, **command.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=command.inherited_fds,
                start_new_session=True,
                preexec_fn=_last_will(),  # noqa: PLW1509 - `up` has one thread
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def age_seconds(self) -> float:
        return time.monotonic() - self._started

    @property
    def is_alive(self) -> bool:
        """Once it has ended, what it left behind in its process group is killed: a successor starts alone."""
        if self._process.poll() is None:
            return True
        self.kill()
        return False

    def wait(self, seconds: float) -> None:
        """Return once it has ended, or after `seconds`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def ending(self) -> str:
        """How it ended, in words; waits for the end."""
        status = self._process.wait()
        if status >= 0:
            return f"with exit status {status}"
        return f"by signal {-status} ({signal.Signals(-status).name})"

    def terminate(self) -> None:
        """Ask it, and only it, to end: what it started itself is its own to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it and its process group now, unless they are gone: their number may be another's by then."""
        if self._is_gone:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._is_gone = True


def _last_will() -> Callable[[], None] | None:
    return _LastWill(os.getpid()) if sys.platform == "linux" else None


class _LastWill:
    """Runs in the child between fork and exec, so everything it needs is loaded before."""

    def __init__(self, parent: int) -> None:
        self._prctl: Any = ctypes.CDLL(None).prctl
        self._parent = parent

    def __call__(self) -> None:
        self._prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != self._parent:
            os._exit(1)
