"""How an experiment came about: each was based on the one before."""

from collections.abc import Callable
from typing import NamedTuple

from analysis.comparison.answers import Child, Lineage, Step
from analysis.comparison.changes import changes
from analysis.comparison.sentences import changed, climb
from models_store.errors import NotFound, Unavailable
from models_store.experiments.index import validation_metric
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore

_MAX_STEPS = 100


class Chain(NamedTuple):
    """`records` from the oldest ancestor to the experiment itself; `note` says why it begins where it does, None where
    the oldest is based on nothing."""

    records: list[Record]
    note: str | None


def lineage_of(experiment_id: str, experiments: ExperimentStore) -> Lineage:
    """Raises NotFound."""
    chain = ancestry(experiments.get(experiment_id), experiments.get)
    before = [None, *chain.records[:-1]]
    steps = [_step(record, former) for record, former in zip(chain.records, before, strict=True)]
    return Lineage(
        items=steps,
        summary=climb([(step.accuracy, step.status) for step in steps]),
        note=chain.note,
        children=_children(experiment_id, experiments),
    )


def ancestry(record: Record, get: Callable[[str], Record]) -> Chain:
    """Follow `based_on` from `record` to the root, through at most a hundred experiments. `get` raises NotFound."""
    newest_first = [record]
    seen = {record.id}
    note = None
    while (parent := newest_first[-1].based_on) is not None:
        if parent in seen:
            note = f"{newest_first[-1].id} is based on {parent}, which is itself based on it"
        elif len(newest_first) == _MAX_STEPS:
            note = f"only the last {_MAX_STEPS} are shown; the one before them is {parent}"
        if note:
            break
        try:
            newest_first.append(get(parent))
        except NotFound:
            note = f"{newest_first[-1].id} is based on {parent}, which has been deleted"
            break
        seen.add(parent)
    return Chain(newest_first[::-1], note)


def _step(record: Record, before: Record | None) -> Step:
    accuracy, val_accuracy = _accuracies(record)
    former, val_former = _accuracies(before) if before and _same_data(record, before) else (None, None)
    # The spec of a damaged record is empty.
    edits = (
        list(changes(before.spec.document, record.spec.document)) if before and before.spec and record.spec else None
    )
    return Step(
        id=record.id,
        name=record.name,
        status=record.status,
        accuracy=accuracy,
        val_accuracy=val_accuracy,
        accuracy_gain=_gain(accuracy, former),
        val_accuracy_gain=_gain(val_accuracy, val_former),
        patch=None if edits is None else [edit.operation() for edit in edits],
        changed=None if edits is None else changed(edits),
    )


def _accuracies(record: Record) -> tuple[float | None, float | None]:
    """On the test split and on the validation split, None where there is none yet."""
    return record.test_metrics.get("accuracy"), validation_metric(record, "val_accuracy")


def _gain(value: float | None, former: float | None) -> float | None:
    return None if value is None or former is None else value - former


def _same_data(record: Record, before: Record) -> bool:
    """Whether their accuracies are about one task: a dataset with the same classes."""
    return record.spec.dataset == before.spec.dataset


def _children(experiment_id: str, experiments: ExperimentStore) -> list[Child] | None:
    try:
        records = experiments.based_on(experiment_id)
    except Unavailable:
        return None
    return [Child(id=record.id, name=record.name, status=record.status) for record in records]
