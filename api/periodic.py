"""Background upkeep: actions repeated in threads beside the requests."""

import logging
import threading
import time
from collections.abc import Callable, Iterable

# With the streams' grace, and what is written then, less than api/processes.py waits.
_STOP_SECONDS = 4.0

log = logging.getLogger(__name__)


class Periodic:
    """Calls `action` at once and then every `seconds`, in its own thread, until it is asked to stop. An error ends a
    call, not the thread."""

    def __init__(self, name: str, action: Callable[[], object], seconds: float) -> None:
        self._action = action
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def join(self, deadline: float) -> None:
        """Wait until `deadline`, in seconds of the monotonic clock, for a call in progress, which then dies with the
        process."""
        self._thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._action()
            except Exception:
                log.exception("%s failed; retrying in %g s", self._thread.name, self._seconds)
            self._stopping.wait(self._seconds)


def stop_all(periodics: Iterable[Periodic]) -> None:
    """Stop all at once, and wait up to 4 s for their calls in progress together."""
    stopping = list(periodics)
    for each in stopping:
        each.ask_to_stop()
    deadline = time.monotonic() + _STOP_SECONDS
    for each in stopping:
        each.join(deadline)
