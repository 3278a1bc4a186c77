"""What is tried again and again until it succeeds: each time after twice as long."""

import time
from collections.abc import Callable, Collection
from typing import NamedTuple

_FIRST_SECONDS = 1.0
MOST_SECONDS = 60.0


class _Delay(NamedTuple):
    tries: int
    until: float


class Postponed:
    """By name. Not for several threads at once. `clock` returns seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._delays: dict[str, _Delay] = {}

    def blocks(self, name: str) -> bool:
        """Whether it is too early to try it again."""
        delay = self._delays.get(name)
        return delay is not None and self._clock() < delay.until

    def tries(self, name: str) -> int:
        """How often it was postponed."""
        return self._delays[name].tries if name in self._delays else 0

    def add(self, name: str) -> float:
        """Postpone it, and return for how many seconds: 1 at first, twice as long each time, 60 at most."""
        tries = self.tries(name)
        seconds = MOST_SECONDS if tries > 8 else min(MOST_SECONDS, _FIRST_SECONDS * 2.0**tries)
        self._delays[name] = _Delay(tries + 1, self._clock() + seconds)
        return seconds

    def retain(self, names: Collection[str]) -> None:
        """Forget all others."""
        self._delays = {name: each for name, each in self._delays.items() if name in names}
