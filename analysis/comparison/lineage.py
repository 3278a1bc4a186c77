"""Lineage of an experiment: the chain of `based_on` that leads to it, and what each step changed and gained."""

from collections.abc import Callable
from typing import NamedTuple

from pydantic import BaseModel

from analysis.comparison.json_patch import Change, JsonPatch, diff
from analysis.comparison.preset_layers import spell_out
from analysis.comparison.sentences import describe_accuracies, describe_changes
from models_store.errors import NotFound, Unavailable
from models_store.experiments.index_entries import validation_metric
from models_store.experiments.record import Record, Status
from models_store.experiments.store import ExperimentStore

_MAX_STEPS = 100


class LineageStep(BaseModel):
    """One experiment of a lineage. `accuracy` is on the test split, `val_accuracy` on the validation split; the gains
    are over the step before, null if a value is missing or the two have other data or other classes. `patch` leads
    from the spec of the step before to this one; `changed` is the same in words, without name, notes and tags, and with
    the layers of presets. `notes` are the reasons that its author wrote into the spec."""

    id: str
    name: str
    status: Status
    accuracy: float | None
    val_accuracy: float | None
    accuracy_gain: float | None
    val_accuracy_gain: float | None
    patch: JsonPatch | None
    changed: str | None
    notes: str


class LineageChild(BaseModel):
    id: str
    name: str
    status: Status


class Lineage(BaseModel):
    """`items` from the oldest ancestor to the experiment itself. If the oldest is not the root, `note` is the reason.
    `children` are the experiments that are based on this one, oldest first, a hundred at most; null while Redis is
    unavailable."""

    items: list[LineageStep]
    summary: str
    note: str | None
    children: list[LineageChild] | None


class Ancestry(NamedTuple):
    """`records` from the oldest ancestor to the experiment itself; `note` is None if the oldest is based on nothing,
    else the reason why the chain ends there."""

    records: list[Record]
    note: str | None


def read_lineage(experiment_id: str, experiments: ExperimentStore) -> Lineage:
    """Raises NotFound."""
    ancestry = follow_ancestry(experiments.get(experiment_id), experiments.get)
    before = [None, *ancestry.records[:-1]]
    steps = [_step(record, former) for record, former in zip(ancestry.records, before, strict=True)]
    return Lineage(
        items=steps,
        summary=describe_accuracies([(step.accuracy, step.status) for step in steps]),
        note=ancestry.note,
        children=_children(experiment_id, experiments),
    )


def follow_ancestry(record: Record, get: Callable[[str], Record]) -> Ancestry:
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
    return Ancestry(newest_first[::-1], note)


def _step(record: Record, before: Record | None) -> LineageStep:
    accuracy, val_accuracy = _accuracies(record)
    former, val_former = _accuracies(before) if before and _has_same_data(record, before) else (None, None)
    # The spec of a damaged record is empty.
    changes = _changes(before, record) if before and before.spec and record.spec else None
    return LineageStep(
        id=record.id,
        name=record.name,
        status=record.status,
        accuracy=accuracy,
        val_accuracy=val_accuracy,
        accuracy_gain=_gain(accuracy, former),
        val_accuracy_gain=_gain(val_accuracy, val_former),
        patch=None if changes is None else [change.operation() for change in changes],
        changed=describe_changes(diff(*spell_out(before.spec.document, record.spec.document)))
        if before and changes is not None
        else None,
        notes=record.notes,
    )


def _changes(before: Record, record: Record) -> list[Change]:
    return list(diff(before.spec.document, record.spec.document))


def _accuracies(record: Record) -> tuple[float | None, float | None]:
    """On the test split and on the validation split, None before the evaluation."""
    return record.test_metrics.get("accuracy"), validation_metric(record, "val_accuracy")


def _gain(value: float | None, former: float | None) -> float | None:
    return None if value is None or former is None else value - former


def _has_same_data(record: Record, before: Record) -> bool:
    """Whether their accuracies are about one task: a dataset with the same classes."""
    return record.spec.dataset.task == before.spec.dataset.task


def _children(experiment_id: str, experiments: ExperimentStore) -> list[LineageChild] | None:
    try:
        records = experiments.children(experiment_id)
    except Unavailable:
        return None
    return [LineageChild(id=record.id, name=record.name, status=record.status) for record in records]
