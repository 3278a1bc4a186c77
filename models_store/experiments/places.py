"""The place of an experiment in a sweep or in a group of repeats."""

from typing import NamedTuple

from models_store.experiments.record import Record


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


def placed(record: Record, place: TrialId | RepeatId | None) -> Record:
    """`record` with the id that its place has chosen."""
    match place:
        case TrialId(sweep, number, chosen):
            return record.model_copy(update={"id": chosen, "sweep": sweep, "trial": number})
        case RepeatId(group, repeats, chosen):
            return record.model_copy(update={"id": chosen, "group": group, "repeats": repeats})
    return record
