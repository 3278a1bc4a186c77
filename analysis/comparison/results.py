"""The results of one experiment on a split, as a comparison needs them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models_store.errors import Damaged, InvalidState, NotFound
from models_store.evaluations.evaluation import Metrics
from models_store.evaluations.predictions import Predictions
from models_store.experiments.history import History
from models_store.experiments.record import Record, Status
from models_store.experiments.store import ExperimentStore
from specs.splits import SplitName

_MIN_SUFFIX = 4
_ID_LENGTH = 26


class Result(NamedTuple):
    """`name` is unique in the comparison; `metrics`, `calibration_error` (without temperature) and `predictions` are
    those of the split. Where they are of some of its samples only, `split_rows` are the rows of these in the split."""

    name: str
    record: Record
    metrics: Metrics
    calibration_error: float
    predictions: Predictions
    history: History
    split_rows: NDArray[np.int64] | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of their indices."""
        return self.metrics.confusion_matrix.labels

    @property
    def samples(self) -> int:
        return len(self.predictions.truth)

    def split_row(self, row: int) -> int:
        """The row in the split of a row of `predictions`."""
        return row if self.split_rows is None else int(self.split_rows[row])


def read_results(ids: Sequence[str], experiments: ExperimentStore, split: SplitName) -> list[Result]:
    """Raises NotFound for an unknown id, and for an experiment that was not evaluated on `split`; InvalidState for one
    that has not succeeded; Damaged. All name the experiment."""
    records = [experiments.get(each) for each in ids]
    names = distinct_names(records)
    for name, record in zip(names, records, strict=True):
        _reject_unfinished(name, record)
    return [_read_result(name, record, experiments, split) for name, record in zip(names, records, strict=True)]


def _reject_unfinished(name: str, record: Record) -> None:
    if record.status is Status.SUCCEEDED:
        return
    if record.status.is_terminal:
        advice = f"post it again (POST /experiments/{record.id}:retry), or leave it out"
    else:
        advice = f"wait until it has succeeded (GET /experiments/{record.id}/events), or leave it out"
    raise InvalidState(f"{name}: experiment {record.id} is {record.status} and has no results to compare; {advice}")


def _read_result(name: str, record: Record, experiments: ExperimentStore, split: SplitName) -> Result:
    try:
        evaluation = experiments.evaluation(record.id, split)
        return Result(
            name=name,
            record=experiments.get(record.id),  # this look counts
            metrics=evaluation,
            calibration_error=evaluation.calibration.error,
            predictions=experiments.predictions(record.id, split),
            history=experiments.history(record.id),
        )
    except (NotFound, Damaged) as error:
        raise type(error)(f"{name}: {error}") from error


def distinct_names(records: Sequence[Record]) -> list[str]:
    """Their names; a name that several share is followed by as much of the id's end as makes it unique."""
    names = [record.name for record in records]
    for length in range(_MIN_SUFFIX, _ID_LENGTH + 1):
        candidates = [
            f"{record.name} ({record.id[-length:]})" if names.count(record.name) > 1 else record.name
            for record in records
        ]
        if len(set(candidates)) == len(candidates):
            return candidates
    return [record.id for record in records]
