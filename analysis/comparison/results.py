"""What one experiment came to on a split, as much of it as a comparison needs."""

from collections.abc import Sequence
from typing import NamedTuple

from models_store.errors import Damaged, NotFound
from models_store.evaluations.evaluation import Evaluation
from models_store.evaluations.predictions import Predictions
from models_store.experiments.history import History
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from specs.splits import SplitName

_SHORTEST_ENDING = 4
_ID_LENGTH = 26


class Result(NamedTuple):
    """`name` tells it from the others in the comparison; `evaluation` and `predictions` are those on the
    split."""

    name: str
    record: Record
    evaluation: Evaluation
    predictions: Predictions
    history: History

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of their indices."""
        return self.evaluation.confusion_matrix.labels

    @property
    def samples(self) -> int:
        return len(self.predictions.truth)


def results_of(ids: Sequence[str], experiments: ExperimentStore, split: SplitName) -> list[Result]:
    """Raises NotFound for an id that nothing bears, and for what has not succeeded or was not evaluated on `split`;
    Damaged. Both name the experiment."""
    records = [experiments.get(each) for each in ids]
    names = distinct_names(records)
    return [_result(name, record, experiments, split) for name, record in zip(names, records, strict=True)]


def _result(name: str, record: Record, experiments: ExperimentStore, split: SplitName) -> Result:
    try:
        return Result(
            name=name,
            record=record,
            evaluation=experiments.evaluation(record.id, split),
            predictions=experiments.predictions(record.id, split),
            history=experiments.history(record.id),
        )
    except (NotFound, Damaged) as error:
        raise type(error)(f"{name}: {error}") from error


def distinct_names(records: Sequence[Record]) -> list[str]:
    """Their names; behind one that several bear, as much of the id's end as tells them apart."""
    names = [record.name for record in records]
    for length in range(_SHORTEST_ENDING, _ID_LENGTH + 1):
        written = [
            f"{record.name} ({record.id[-length:]})" if names.count(record.name) > 1 else record.name
            for record in records
        ]
        if len(set(written)) == len(written):
            return written
    return [record.id for record in records]
