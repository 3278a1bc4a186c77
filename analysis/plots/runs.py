"""What plots of histories are drawn from."""

from dataclasses import dataclass
from itertools import pairwise

from models_store.errors import NotFound
from models_store.experiments.history import History
from models_store.experiments.record import Record
from models_store.experiments.stored_spec import StoredSchedule


@dataclass(frozen=True, slots=True)
class Run:
    """The history of one experiment. Epochs count from 0: `first` is the first that is shown, `best` the best of all,
    `falls` are those that began with a lower learning rate than the one before, by a step or a plateau. `history` has
    each metric's values from `first` on, None where one was not finite. `state` says how far it has come."""

    id: str
    name: str
    state: str
    first: int
    end: int
    history: dict[str, list[float | None]]
    best: int | None
    best_metric: str
    falls: list[int]

    def has(self, metric: str) -> bool:
        return metric in self.history


def run_of(record: Record, history: History, skip: int) -> Run:
    """All but the first `skip` epochs. Raises NotFound if there is none."""
    epochs = len(history.points)
    if epochs <= skip:
        raise NotFound(_nothing(record, epochs, skip))
    best = record.best
    known = best is not None and best.epoch < epochs
    return Run(
        id=record.id,
        name=record.name,
        state=_state(record, epochs),
        first=skip,
        end=epochs,
        history=history.skip(skip).metrics,
        best=best.epoch if best is not None and known else None,
        best_metric=f"{best.metric} {best.value:.4f}" if best is not None and known else "",
        falls=[epoch for epoch in _falls(record, history) if epoch > skip],
    )


def _nothing(record: Record, epochs: int, skip: int) -> str:
    if epochs == 0:
        return f"experiment {record.id} is {record.status} and has no epoch yet: there is nothing to plot"
    return (
        f"experiment {record.id} has {epochs} epochs: without the first {skip} none is left; "
        f"expected skip of at most {epochs - 1}"
    )


def _state(record: Record, epochs: int) -> str:
    planned = record.spec.training.epochs or epochs
    return f"{record.status}, {epochs:,} of {planned:,} epochs"


def _falls(record: Record, history: History) -> list[int]:
    if not _goes_by_steps(record):
        return []
    rates = [point.metrics.get("learning_rate") for point in history.points]
    return [
        epoch
        for epoch, (before, rate) in enumerate(pairwise(rates), 1)
        if before is not None and rate is not None and rate < before
    ]


def _goes_by_steps(record: Record) -> bool:
    """A rate that is a number falls on plateaus alone; a smooth schedule falls in every epoch, which tells nothing."""
    rate = record.spec.training.optimizer.learning_rate
    return not isinstance(rate, StoredSchedule) or rate.type == "PiecewiseConstantDecay" or rate.staircase
