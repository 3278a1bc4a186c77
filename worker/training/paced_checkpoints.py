"""Checkpoints that take at most a share of the time."""

import time
from collections.abc import Callable

from worker.training.checkpoint import Checkpoint

_SHARE = 0.05  # of the time


class PacedCheckpoints:
    """Calls `save`. After one that took long the next is due later, but after `max_pause_seconds` at the latest."""

    def __init__(self, save: Callable[[Checkpoint], None], max_pause_seconds: float) -> None:
        self._save = save
        self._max_pause_seconds = max_pause_seconds
        self._saved_at = time.monotonic()
        self._duration = 0.0  # of the last one

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self._saved_at >= min(self._max_pause_seconds, self._duration / _SHARE)

    def save(self, checkpoint: Checkpoint) -> None:
        started = time.monotonic()
        self._save(checkpoint)
        self._saved_at = time.monotonic()
        self._duration = self._saved_at - started
