"""Waiting for a condition, never for a time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import psutil

T = TypeVar("T")
_PAUSE = threading.Event()


def eventually(probe: Callable[[], T], seconds: float = 20.0) -> T:
    """Call `probe` until it returns something true, and return that. AssertionError, with its last answer, if not."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"still {answer!r} after {seconds} s: {probe}")
        _PAUSE.wait(0.02)


def has_ended(process: psutil.Process) -> bool:
    """Whether it is gone, or dead and only not yet reaped, which is for the machine's first process to do."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
