"""A `trainyard up` for the length of a context."""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from trainyard.errors import DemoError
from trainyard.up.child import Child, Command

_START_SECONDS = 90.0
_STOP_SECONDS = 60.0
_TICK_SECONDS = 0.1
_READY = "Trainyard is ready: "
_TAIL_LINES = 15


@contextlib.contextmanager
def run_service(data: Path) -> Iterator[str]:
    """Run `trainyard up` in `data` on a free port; the context is its URL. Nothing is left running after it.

    Raises DemoError if it does not start.
    """
    log = data / "up.log"
    log.unlink(missing_ok=True)
    child = Child(_command(data, log))
    try:
        yield _wait_for_url(child, log)
    finally:
        _stop(child)


def _command(data: Path, log: Path) -> Command:
    return Command(
        name="up",
        argv=(sys.executable, "-P", "-m", "trainyard", "up", "--port", "0", "--auth", "none", "--data", str(data)),
        folder=data,
        log=log,
        grace_seconds=_STOP_SECONDS,
        # A Redis and a store that the environment names belong to another Trainyard.
        environment={"REDIS_URL": "", "TRAINYARD_STORE_DIR": str(data / "store")},
    )


def _wait_for_url(child: Child, log: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        is_alive = child.is_alive
        for line in log.read_text(errors="replace").splitlines(keepends=True):
            if line.startswith(_READY) and line.endswith("\n"):
                return line.removeprefix(_READY).strip()
        if not is_alive:
            raise DemoError(f"`trainyard up` ended {child.describe_exit()}:\n{_tail(log)}")
        time.sleep(_TICK_SECONDS)
    raise DemoError(f"`trainyard up` was not ready within {_START_SECONDS:g} s:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])


def _stop(child: Child) -> None:
    """Ask `up` to stop; another Ctrl-C asks again, which makes it kill everything at once."""
    try:
        child.terminate()
        child.wait(_STOP_SECONDS)
    except KeyboardInterrupt:
        child.terminate()
        child.wait(_STOP_SECONDS)
    finally:
        child.kill()
