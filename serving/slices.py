"""Long work in slices, between which others that wait for a thread have their turn."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

_SECONDS = 0.05
_T = TypeVar("_T")
_R = TypeVar("_R")


async def map_in_slices(function: Callable[[_T], _R], items: Sequence[_T], threads: CapacityLimiter) -> list[_R]:
    """`function` of each item, in threads of `threads`, which serves who waits in turn. A slice ends with the item that
    exceeds its time."""
    results: list[_R] = []
    while len(results) < len(items):
        results += await to_thread.run_sync(partial(_slice, function, items, len(results)), limiter=threads)
    return results


def _slice(function: Callable[[_T], _R], items: Sequence[_T], first: int) -> list[_R]:
    until, results = time.monotonic() + _SECONDS, []
    for item in items[first:]:
        results.append(function(item))
        if time.monotonic() >= until:
            break
    return results
