"""Estimates of the duration and memory of an experiment."""

import functools
import math
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache, cached
from pydantic import BaseModel

from models_store.errors import Unavailable
from models_store.experiments.pages import Query
from models_store.experiments.record import Record, Status
from models_store.experiments.store import ExperimentStore
from specs import limits
from specs.advice import Advice
from specs.cost import reference_epoch_parts
from specs.dataset import Dataset
from specs.errors import SpecError
from specs.experiment import ExperimentSpec
from specs.problem import quantity

# Build, trace, evaluate, export, where no run on this machine has shown it; in between what a trainer takes that is
# warm, 6, and one that has to import all first, 18.
FIXED_SECONDS = 8.0
_RECENT = 50
_MARGIN = 1.2  # above the estimate
_NEIGHBOURS = 5
# What `_multiplications_per_second` gives on the two cores of the machine that `specs.cost` was fitted on.
_REFERENCE_SPEED = 5.25e10
_REFERENCE_CORES = 2
_MAX_CORES = 8  # networks of this size do not use more
# A measurement beyond these is one of other processes: no machine of today is that slow or fast.
_FACTORS = (0.05, 2.0)
# By how much an estimate may be wrong, either way: without a run on this machine, and after one.
_UNCERTAINTY, _UNCERTAINTY_AFTER_RUNS = 4.0, 2.0
# A run in which arithmetic took another share of the time says little about this one.
_SHARE_DIFFERENCE = 0.5
_SIDE = 512
# The fastest of so many counts: other processes slow down some of them.
_PRODUCTS = 20
_CLOCK = 1e-5
_CACHED_COSTS = 10_000


class _Cost(NamedTuple):
    """Of an experiment: what an epoch takes on the reference machine, how many there are, and the time budget."""

    parts: tuple[float, float]
    epochs: int
    max_seconds: float


class Estimate(BaseModel):
    """`seconds` is for all epochs, most likely within `seconds_low` and `seconds_high`; early stopping or the time
    budget may end the training sooner. `basis` is what the estimate is based on. `memory_mb` is without the memory of
    TensorFlow itself."""

    seconds: float
    seconds_low: float
    seconds_high: float
    seconds_per_epoch: float
    memory_mb: int
    basis: str


def recent_runs(experiments: ExperimentStore) -> list[Record]:
    """The last experiments that succeeded; empty while Redis is down."""
    try:
        return experiments.page(Query(status=Status.SUCCEEDED, limit=_RECENT)).items
    except Unavailable:
        return []


def estimate(
    spec: ExperimentSpec, past: Sequence[Record], datasets: Mapping[str, Dataset], initial_epoch: int = 0
) -> Estimate:
    """From the runs in `past` with the most similar work per epoch, or else from the speed of this machine.
    `initial_epoch` epochs are done already."""
    parts = reference_epoch_parts(spec)
    factors = _factors(parts, past, datasets)
    if factors:
        uncertainty = _UNCERTAINTY_AFTER_RUNS
        basis = f"{len(factors)} past {'run' if len(factors) == 1 else 'runs'}"
    else:
        uncertainty = _UNCERTAINTY
        basis = "a matrix multiplication on this machine"
    epoch = _epoch_seconds(parts, factors)
    seconds = _fixed_seconds(past) + epoch * (spec.training.epochs - initial_epoch)
    return Estimate(
        seconds=_round_digits(seconds),
        seconds_low=_round_digits(seconds / uncertainty),
        seconds_high=_round_digits(seconds * uncertainty),
        seconds_per_epoch=_round_digits(epoch),
        memory_mb=spec.memory_mb(),
        basis=basis,
    )


def estimate_seconds(record: Record, past: Sequence[Record], datasets: Mapping[str, Dataset]) -> float | None:
    """Of a queued or running experiment from its start to its end, at most its time budget; None if its spec is no
    longer valid."""
    cost = _cost(record, datasets)
    if cost is None:
        return None
    epoch = _epoch_seconds(cost.parts, _factors(cost.parts, past, datasets))
    return _fixed_seconds(past) + min(epoch * cost.epochs, cost.max_seconds)


def budget_advice(spec: ExperimentSpec, estimated: Estimate, initial_epoch: int = 0) -> list[Advice]:
    """A warning if the time budget is too small for all epochs after the first `initial_epoch`, with a budget or a
    number of epochs that suits."""
    minutes, epochs = spec.training.max_minutes, spec.training.epochs - initial_epoch
    if estimated.seconds <= minutes * 60:
        return []
    # The figures are rounded, so that their quotient may be all epochs, which the budget is too small for.
    affordable = min(epochs - 1, int((minutes * 60 - FIXED_SECONDS) / estimated.seconds_per_epoch))
    needed = math.ceil(estimated.seconds / 60 * _MARGIN)
    found = (
        f"{quantity(epochs, 'epoch')} {'takes' if epochs == 1 else 'take'} about "
        f"{quantity(math.ceil(estimated.seconds / 60), 'minute')}, more than training.max_minutes, {minutes:g}"
    )
    ends = (
        f"the training ends after about {affordable:,}" if affordable > 0 else "the training fails in its first epoch"
    )
    if needed <= limits.MINUTES:
        change = f"raise it to {needed:,}" + (" or reduce epochs" if affordable > 0 else "")
        return [Advice(f"{found}: {ends}; {change}", {"training": {"max_minutes": needed}})]
    if affordable > 0:
        fewer = initial_epoch + affordable
        return [Advice(f"{found}: {ends}; reduce epochs to {fewer:,}", {"training": {"epochs": fewer}})]
    return [Advice(f"{found}: {ends}; use a smaller network, smaller images or fewer samples")]


def _fixed_seconds(past: Sequence[Record]) -> float:
    """What the last runs took beside their epochs: a trainer that is warm has imported all it needs."""
    found = [seconds for seconds in map(_seconds_beside_epochs, past) if seconds is not None]
    return statistics.median(found[:_NEIGHBOURS]) if found else FIXED_SECONDS * _contention()


def _seconds_beside_epochs(record: Record) -> float | None:
    """None if it is not known: of runs that were interrupted, and of records whose times do not fit together."""
    if record.attempts != 1 or record.seconds is None or not record.epoch_seconds:
        return None
    epochs = record.epochs_completed - record.initial_epoch
    seconds = record.seconds - epochs * record.epoch_seconds
    return seconds if seconds > 0 else None


def _epoch_seconds(parts: tuple[float, float], factors: Sequence[float]) -> float:
    return sum(parts) * (statistics.median(factors) if factors else _machine_factor() * _contention())


def _factors(parts: tuple[float, float], past: Sequence[Record], datasets: Mapping[str, Dataset]) -> list[float]:
    """By how much an epoch took longer than on the reference machine, for the runs nearest to `parts`, the times of
    arithmetic and steps."""
    ranked: list[tuple[float, float]] = []
    for record in past:
        cost = _cost(record, datasets)
        if cost is None or not record.epoch_seconds or abs(_share(cost.parts) - _share(parts)) > _SHARE_DIFFERENCE:
            continue
        other = cost.parts
        ranked.append((abs(math.log(sum(other) / sum(parts))), record.epoch_seconds / sum(other)))
    return [factor for _, factor in sorted(ranked)[:_NEIGHBOURS]]


def _share(parts: tuple[float, float]) -> float:
    """That of arithmetic."""
    return parts[0] / sum(parts)


# A spec never changes, and building its network takes milliseconds.
@cached(LRUCache(_CACHED_COSTS), key=lambda record, _: record.id, lock=Lock())
def _cost(record: Record, datasets: Mapping[str, Dataset]) -> _Cost | None:
    try:
        spec = record.spec.parse(datasets)
    except SpecError:  # its dataset was deleted, or it was written under older rules
        return None
    return _Cost(
        reference_epoch_parts(spec), spec.training.epochs - record.initial_epoch, spec.training.max_minutes * 60
    )


def _contention() -> float:
    """By how much other processes slow a training down: those that run now, with one of its own, share the cores.
    Past runs have met with some, so that they say by themselves what to expect."""
    return max(1.0, (os.getloadavg()[0] + 1) / (os.cpu_count() or 1))


@functools.cache
def _machine_factor() -> float:
    cores = min(_MAX_CORES, os.cpu_count() or 1)
    factor = _REFERENCE_SPEED * _REFERENCE_CORES / (_multiplications_per_second() * cores)
    return min(max(factor, _FACTORS[0]), _FACTORS[1])


def _multiplications_per_second() -> float:
    """Of one core, by its own time: other processes take turns with this one, but do not count."""
    matrix = np.ones((_SIDE, _SIDE), dtype=np.float32)
    return float(_SIDE**3 / min(_time_product(matrix) for _ in range(_PRODUCTS)))


def _time_product(matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> float:
    """CPU seconds, of all threads that take part."""
    started = time.process_time()
    _ = matrix @ matrix
    return max(time.process_time() - started, _CLOCK)


def _round_digits(seconds: float) -> float:
    """To two digits: an estimate is not more precise."""
    return float(f"{seconds:.2g}")
