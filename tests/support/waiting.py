"""Waiting for a condition, never for a time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import psutil

T = TypeVar("T")
# Matters only when something hangs: a machine with four times the work that it has processors for must stay below it.
PATIENCE_SECONDS = 240.0
_PAUSE = threading.Event()
# Between two probes: short at first, then a fiftieth of the time waited so far. A probe often costs a request.
_MIN_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.02, 0.1


def eventually(probe: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """Call `probe` until it returns something true, and return that.

    Raises AssertionError, with the last answer, after `seconds`.
    """
    started = time.monotonic()
    while True:
        answer = probe()
        if answer:
            return answer
        waited = time.monotonic() - started
        if waited > seconds:
            raise AssertionError(f"still {answer!r} after {seconds} s: {probe}")
        _PAUSE.wait(min(max(waited / 50, _MIN_PAUSE_SECONDS), _MAX_PAUSE_SECONDS))


def has_ended(process: psutil.Process) -> bool:
    """Whether a process is gone, or is a zombie, which only its parent or the machine's first process can reap."""
    try:
        return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
