"""Background upkeep: actions repeated in threads beside the requests."""

import logging
import threading
from collections.abc import Callable

_STOP_SECONDS = 5.0

log = logging.getLogger(__name__)


class Periodic:
    """Calls `action` at once and then every `seconds`, in its own thread, until `stop`. An error ends a call, not the
    thread."""

    def __init__(self, name: str, action: Callable[[], object], seconds: float) -> None:
        self._action = action
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait up to 5 s for a call in progress, which then dies with the process."""
        self._stopping.set()
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._action()
            except Exception:
                log.exception("%s failed; retrying in %g s", self._thread.name, self._seconds)
            self._stopping.wait(self._seconds)
