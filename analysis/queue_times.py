"""When the experiments in the queue will start and end."""

import math
from collections.abc import Callable, Collection, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from models_store.experiments.record import Record


class QueueTimes(NamedTuple):
    """Estimates in seconds from now; None where nothing is known, as of all that wait while no worker is alive."""

    starts_in: float | None
    ends_in: float | None


UNKNOWN = QueueTimes(None, None)


def estimate_queue(
    running: Sequence[Record],
    waiting: Sequence[Record],
    workers: Collection[str],
    estimate_seconds: Callable[[Record], float | None],
    busy: Collection[str] = (),
) -> dict[str, QueueTimes]:
    """The times of each experiment, by id. `waiting` is in order: the live `workers`, by name, take one after the
    other as they become free. `estimate_seconds` returns the duration of a whole experiment. When workers that are
    `busy` with something else, a conversion or an evaluation, become free is unknown."""
    times: dict[str, QueueTimes] = {}
    free_in = {name: math.inf if name in busy else 0.0 for name in workers}
    for record in running:
        seconds = _remaining_seconds(record, estimate_seconds)
        times[record.id] = QueueTimes(0.0, seconds)
        if record.worker in free_in:
            free_in[record.worker] = math.inf if seconds is None else max(seconds, free_in[record.worker])
    free = [seconds for seconds in free_in.values() if seconds < math.inf]
    heapify(free)
    for record in waiting:
        if not free:
            break
        start, seconds = heappop(free), estimate_seconds(record)
        times[record.id] = QueueTimes(start, None if seconds is None else start + seconds)
        if seconds is not None:
            heappush(free, start + seconds)
    return times


def _remaining_seconds(record: Record, estimate_seconds: Callable[[Record], float | None]) -> float | None:
    """As the trainer reports it, within the time budget; before its first report the whole experiment."""
    progress = record.progress
    if progress is not None and progress.phase in ("evaluating", "exporting"):
        return 0.0
    if progress is None or progress.eta_seconds is None:
        return estimate_seconds(record)
    return min(progress.eta_seconds, record.spec.training.max_minutes * 60)
