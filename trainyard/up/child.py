"""One supervised process: its command line, life and exit."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trainyard.up.log_file import open_log
from trainyard.up.parent_death import terminate_with_parent


@dataclass(frozen=True, slots=True)
class Command:
    """What to run.

    `environment` is added to this process's environment. `grace_seconds` is how long the process may take to exit
    after SIGTERM.
    """

    name: str
    argv: tuple[str, ...]
    folder: Path
    log: Path
    grace_seconds: float
    environment: Mapping[str, str]
    inherited_fds: tuple[int, ...] = ()


class Child:
    """A running `Command`, started by the constructor in a new session, so that Ctrl-C in the terminal does not
    reach it. On Linux the kernel sends it SIGTERM when the thread that started it ends for any reason.
    """

    def __init__(self, command: Command) -> None:
        self.command = command
        self._started = time.monotonic()
        self._is_reaped = False
        with open_log(command.log) as log:
            self._process = subprocess.Popen(
                command.argv,
                cwd=command.folder,
                env={**os.environ, **command.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=command.inherited_fds,
                start_new_session=True,
                preexec_fn=terminate_with_parent(),  # noqa: PLW1509 - `up` has one thread
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def age_seconds(self) -> float:
        return time.monotonic() - self._started

    @property
    def is_alive(self) -> bool:
        """After its exit, the rest of its process group is killed, so that a successor starts alone."""
        if self._process.poll() is None:
            return True
        self.kill()
        return False

    def wait(self, seconds: float) -> None:
        """Return when it has exited, at the latest after `seconds`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def describe_exit(self) -> str:
        """Wait for the exit and describe it: "with exit status 3" or "by signal 9 (SIGKILL)"."""
        status = self._process.wait()
        if status >= 0:
            return f"with exit status {status}"
        return f"by signal {-status} ({signal.Signals(-status).name})"

    def terminate(self) -> None:
        """Send SIGTERM to it alone: it stops its own children."""
        self._process.terminate()

    def kill(self) -> None:
        """Kill it and its process group at once. Does nothing the second time: the number may have been reused."""
        if self._is_reaped:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._is_reaped = True
