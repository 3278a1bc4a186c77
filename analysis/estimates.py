"""How long an experiment will take, before it is posted."""

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
_AROUND_SECONDS = 6.0
_RECENT = 50
_NEIGHBOURS = 5
# What `_multiplications_per_second` gives on the machine that `specs.cost` was fitted on.
_REFERENCE_SPEED = 1.05e11
_SIDE = 512
# The best of so many: whoever else uses the machine slows down some of them.
_PRODUCTS = 20


class Estimate(BaseModel):
    """`seconds` is for all epochs; early stopping or the budget may end it sooner. `basis` says what it was reckoned
    from. `memory_mb` leaves out what TensorFlow takes for itself."""

    seconds: float
    seconds_per_epoch: float
    memory_mb: int
    basis: str


def recent_runs(experiments: ExperimentStore) -> list[Record]:
    """The last experiments that succeeded; none while Redis is away."""
    try:
        return experiments.page(Query(status=Status.SUCCEEDED, limit=_RECENT)).items
    except Unavailable:
        return []


def estimate(spec: ExperimentSpec, past: Sequence[Record], datasets: Mapping[str, Dataset]) -> Estimate:
    """Reckon from those runs in `past` that did most nearly as much work an epoch, or else from how fast this machine
    multiplies."""
    work = reference_epoch_seconds(spec)
    factors = _factors(work, past, datasets)
    if factors:
        factor = statistics.median(factors)
        basis = f"{len(factors)} past {'run' if len(factors) == 1 else 'runs'}"
    else:
        factor = _REFERENCE_SPEED / _multiplications_per_second()
        basis = "how fast this machine multiplies"
    epoch = work * factor
    return Estimate(
        seconds=_rounded(_AROUND_SECONDS + epoch * spec.training.epochs),
        seconds_per_epoch=_rounded(epoch),
        memory_mb=spec.memory_mb(),
        basis=basis,
    )


def budget_warnings(spec: ExperimentSpec, estimated: Estimate) -> list[str]:
    """What comes of a budget that is too small."""
    minutes = spec.training.max_minutes
    if estimated.seconds <= minutes * 60:
        return []
    epochs = int(minutes * 60 / estimated.seconds_per_epoch)
    warning = (
        f"{spec.training.epochs:,} epochs take about {estimated.seconds / 60:,.0f} minutes, more than "
        f"training.max_minutes, {minutes:g}: it will end after about {epochs:,}; raise it, or ask for fewer epochs"
    )
    return [warning]


def _factors(work: float, past: Sequence[Record], datasets: Mapping[str, Dataset]) -> list[float]:
    """Of the runs nearest to `work`, how much longer an epoch took than on the reference machine."""
    known = [(_work(record, datasets), record.epoch_seconds) for record in past if record.epoch_seconds]
    ranked = sorted((abs(math.log(each / work)), seconds / each) for each, seconds in known if each and seconds)
    return [factor for _, factor in ranked[:_NEIGHBOURS]]


def _work(record: Record, datasets: Mapping[str, Dataset]) -> float | None:
    try:
        return reference_epoch_seconds(record.spec.parse(datasets))
    except SpecError:  # its dataset is gone, or it is from a time with other rules
        return None


@functools.cache
def _multiplications_per_second() -> float:
    matrix = np.ones((_SIDE, _SIDE), dtype=np.float32)
    return float(_SIDE**3 / min(_timed_product(matrix) for _ in range(_PRODUCTS)))


def _timed_product(matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> float:
    started = time.perf_counter()
    _ = matrix @ matrix
    return time.perf_counter() - started


def _rounded(seconds: float) -> float:
    """To two digits: more would be pretence."""
    return float(f"{seconds:.2g}")
