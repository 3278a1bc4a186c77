"""The first record of an experiment, and its place in a sweep or in a group of repeats."""

from collections.abc import Mapping
from typing import NamedTuple

from ulid import ULID

from models_store.experiments.improvement import Improvement
from models_store.experiments.record import Record
from models_store.experiments.stored_spec import StoredSpec
from models_store.frozen import utc_now
from specs.experiment import ExperimentSpec


class TrialId(NamedTuple):
    """The place of an experiment in a sweep, which has chosen its id: created again it is the same one."""

    sweep: str
    number: int
    experiment_id: str


class RepeatId(NamedTuple):
    """The place of an experiment in a group of `repeats`, which has chosen its id."""

    group: str
    repeats: int
    experiment_id: str


def repeat_ids(group: str, repeats: int) -> list[str]:
    """Those of a group's experiments: its own, and those that follow it."""
    first = int(ULID.from_str(group))
    return [str(ULID.from_int(first + number)) for number in range(repeats)]


def placed(record: Record, place: TrialId | RepeatId | None) -> Record:
    """`record` with the id that its place has chosen."""
    match place:
        case TrialId(sweep, number, chosen):
            return record.model_copy(update={"id": chosen, "sweep": sweep, "trial": number})
        case RepeatId(group, repeats, chosen):
            return record.model_copy(update={"id": chosen, "group": group, "repeats": repeats})
    return record


def new_record(
    spec: ExperimentSpec,
    transferred_layers: Mapping[str, str] | None,
    reproduces: str | None,
    improvement: Improvement | None,
    priority: int,
    initial_epoch: int,
    owner: str | None,
    private: bool,
) -> Record:
    """Of an experiment that waits, with an id of its own."""
    return Record(
        id=str(ULID()),
        name=spec.name,
        tags=tuple(spec.tags),
        notes=spec.notes,
        owner=owner,
        private=private,
        priority=priority,
        dataset=spec.dataset.name,
        based_on=spec.based_on,
        reproduces=reproduces,
        improvement=improvement,
        spec=StoredSpec.of(spec),
        transferred_layers=dict(transferred_layers or {}),
        parameters=spec.network.parameters.total,
        memory_mb=spec.memory_mb(),
        initial_epoch=initial_epoch,
        created_at=utc_now(),
    )
