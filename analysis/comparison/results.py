"""What one experiment came to on a split, as much of it as a comparison needs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from api.routes.results import split_of
from models_store.errors import Damaged, NotFound
from models_store.evaluations.predictions import Predictions, SplitName
from models_store.experiments.record import Point, Record
from models_store.experiments.store import ExperimentStore

_SHORTEST_ENDING = 4
_ID_LENGTH = 26


class Result(NamedTuple):
    """`name` tells it from the others in the comparison; `figures` are its evaluation on the split, `points` its
    history."""

    name: str
    record: Record
    figures: dict[str, Any]
    predictions: Predictions
    points: list[Point]

    @property
    def labels(self) -> list[str]:
        """The classes, in the order of their indices."""
        labels: list[str] = self.figures["confusion_matrix"]["labels"]
        return labels

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
            figures=split_of(experiments.evaluation(record.id), split, record.id),
            predictions=experiments.predictions(record.id, split),
            points=experiments.history(record.id)[0],
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
