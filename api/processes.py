"""Several processes of one server: forked, restarted when they die, stopped together."""

import gc
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from ctypes import c_bool
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import ForkProcess
from multiprocessing.sharedctypes import RawValue
from pathlib import Path

_TICK_SECONDS = 0.2
_FIRST_PAUSE_SECONDS = 0.2
_MAX_PAUSE_SECONDS = 10.0
_HEALTHY_SECONDS = 30.0
# Container engines kill after ten.
_STOP_SECONDS = 9.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

Started = Callable[[], None]
# Gets its number, from 1, and what it calls when it answers; returns its exit status.
Serve = Callable[[int, Started], int]


@dataclass(frozen=True, slots=True)
class Sibling:
    """One of `count` processes that serve one port. Each writes its metrics to `folder`, under its `number`, which a
    successor takes over."""

    number: int
    count: int
    folder: Path


log = logging.getLogger(__name__)


class Processes:
    """Each is a fork of this process, so that modules are imported once and lie in memory once: what starts threads or
    opens connections belongs into `serve`. A process that dies is started again, after growing pauses if it does so
    again and again; one that dies before any has answered ends them all. If this process dies, they end.
    """

    def __init__(self, count: int, serve: Serve) -> None:
        self._slots = [_Slot(number, serve) for number in range(1, count + 1)]
        self._is_stopping = False

    def run(self) -> int:
        """Run until a signal asks to stop; the exit status. Main thread only."""
        for number in _SIGNALS:
            signal.signal(number, self._stop_soon)
        gc.collect()
        gc.freeze()  # a collection would write to what the forks share
        lifeline = os.pipe()
        for slot in self._slots:
            slot.start(lifeline)
        status = 0
        while not self._is_stopping:
            connection.wait([each.sentinel for each in self._slots if each.sentinel is not None], _TICK_SECONDS)
            for slot in self._slots:
                if not self._is_stopping and slot.has_died():
                    if not any(each.has_answered for each in self._slots):
                        status, self._is_stopping = max(1, slot.exit_status), True
                        break
                    slot.restart_later()
                slot.start_if_due(lifeline)
        self._stop()
        return status

    def _stop_soon(self, *_: object) -> None:
        self._is_stopping = True

    def _stop(self) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        for slot in self._slots:
            slot.terminate()
        for slot in self._slots:
            slot.join(deadline)


class _Slot:
    """One of the processes, and its successors."""

    def __init__(self, number: int, serve: Serve) -> None:
        self._number = number
        self._serve = serve
        self._process: ForkProcess | None = None
        self._answers = RawValue(c_bool, False)
        self._started_at = self._start_at = 0.0
        self._pause = _FIRST_PAUSE_SECONDS

    @property
    def sentinel(self) -> int | None:
        return None if self._process is None else self._process.sentinel

    @property
    def has_answered(self) -> bool:
        """It, or one before it."""
        return bool(self._answers.value)

    @property
    def exit_status(self) -> int:
        return (self._process and self._process.exitcode) or 0

    def start(self, lifeline: tuple[int, int]) -> None:
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=self._run, args=lifeline, name=f"api-{self._number}")
        self._started_at = time.monotonic()
        # A signal between the fork and `_run` would be taken by the handler of this process, and lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def start_if_due(self, lifeline: tuple[int, int]) -> None:
        if self._process is None and time.monotonic() >= self._start_at:
            self.start(lifeline)

    def has_died(self) -> bool:
        return self._process is not None and not self._process.is_alive()

    def restart_later(self) -> None:
        now = time.monotonic()
        if now - self._started_at >= _HEALTHY_SECONDS:
            self._pause = _FIRST_PAUSE_SECONDS
        log.error("process %d ended with status %d; restarts in %g s", self._number, self.exit_status, self._pause)
        self._start_at, self._process = now + self._pause, None
        self._pause = min(2 * self._pause, _MAX_PAUSE_SECONDS)

    def terminate(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def join(self, deadline: float) -> None:
        """Wait for its end until `deadline`, in seconds of the monotonic clock, then kill it."""
        if self._process is None:
            return
        self._process.join(max(0.0, deadline - time.monotonic()))
        if self._process.is_alive():
            log.error("process %d did not end within %g s; killed", self._number, _STOP_SECONDS)
            self._process.kill()
            self._process.join()

    def _run(self, lifeline: int, parent_end: int) -> None:
        os.close(parent_end)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        threading.Thread(target=_end_with_parent, args=(lifeline,), name="lifeline", daemon=True).start()
        status = self._serve(self._number, self._announce)
        if status:
            raise SystemExit(status)

    def _announce(self) -> None:
        self._answers.value = True


def _end_with_parent(lifeline: int) -> None:
    """Nothing is ever written to it: reading ends when no process holds the other end."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
