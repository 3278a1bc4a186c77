"""Estimates of the duration and memory of an experiment that is not queued yet."""

import functools
import math
import statistics
import time
from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel

from models_store.errors import Unavailable
from models_store.experiments.pages import Query
from models_store.experiments.record import Record, Status
from models_store.experiments.store import ExperimentStore
from specs.cost import reference_epoch_seconds
from specs.dataset import Dataset
from specs.errors import SpecError
from specs.experiment import ExperimentSpec

# Import, build, trace, evaluate, export.
_FIXED_SECONDS = 6.0
_RECENT = 50
_NEIGHBOURS = 5
# What `_multiplications_per_second` gives on the machine that `specs.cost` was fitted on.
_REFERENCE_SPEED = 1.05e11
_SIDE = 512
# The fastest of so many counts: other processes slow down some of them.
_PRODUCTS = 20


class Estimate(BaseModel):
    """`seconds` is for all epochs; early stopping or the time budget may end the training sooner. `basis` is what the
    estimate is based on. `memory_mb` is without the memory of TensorFlow itself."""

    seconds: float
    seconds_per_epoch: float
    memory_mb: int
    basis: str


def recent_runs(experiments: ExperimentStore) -> list[Record]:
    """The last experiments that succeeded; empty while Redis is down."""
    try:
        return experiments.page(Query(status=Status.SUCCEEDED, limit=_RECENT)).items
    except Unavailable:
        return []


def estimate(spec: ExperimentSpec, past: Sequence[Record], datasets: Mapping[str, Dataset]) -> Estimate:
    """From the runs in `past` with the most similar work per epoch, or else from the speed of this machine."""
    work = reference_epoch_seconds(spec)
    factors = _factors(work, past, datasets)
    if factors:
        factor = statistics.median(factors)
        basis = f"{len(factors)} past {'run' if len(factors) == 1 else 'runs'}"
    else:
        factor = _REFERENCE_SPEED / _multiplications_per_second()
        basis = "a matrix multiplication on this machine"
    epoch = work * factor
    return Estimate(
        seconds=_round_digits(_FIXED_SECONDS + epoch * spec.training.epochs),
        seconds_per_epoch=_round_digits(epoch),
        memory_mb=spec.memory_mb(),
        basis=basis,
    )


def budget_warnings(spec: ExperimentSpec, estimated: Estimate) -> list[str]:
    """A warning if the time budget is too small for all epochs."""
    minutes = spec.training.max_minutes
    if estimated.seconds <= minutes * 60:
        return []
    epochs = int(minutes * 60 / estimated.seconds_per_epoch)
    warning = (
        f"{spec.training.epochs:,} epochs take about {estimated.seconds / 60:,.0f} minutes, more than "
        f"training.max_minutes, {minutes:g}: the training ends after about {epochs:,}; raise it or reduce epochs"
    )
    return [warning]


def _factors(work: float, past: Sequence[Record], datasets: Mapping[str, Dataset]) -> list[float]:
    """By how much an epoch took longer than on the reference machine, for the runs nearest to `work`."""
    known = [(_work(record, datasets), record.epoch_seconds) for record in past if record.epoch_seconds]
    ranked = sorted((abs(math.log(each / work)), seconds / each) for each, seconds in known if each and seconds)
    return [factor for _, factor in ranked[:_NEIGHBOURS]]


def _work(record: Record, datasets: Mapping[str, Dataset]) -> float | None:
    try:
        return reference_epoch_seconds(record.spec.parse(datasets))
    except SpecError:  # its dataset was deleted, or it was written under older rules
        return None


@functools.cache
def _multiplications_per_second() -> float:
    matrix = np.ones((_SIDE, _SIDE), dtype=np.float32)
    return float(_SIDE**3 / min(_time_product(matrix) for _ in range(_PRODUCTS)))


def _time_product(matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> float:
    started = time.perf_counter()
    _ = matrix @ matrix
    return time.perf_counter() - started


def _round_digits(seconds: float) -> float:
    """To two digits: an estimate is not more precise."""
    return float(f"{seconds:.2g}")
