"""The rules of an assignment, and which of them a submission breaks."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from analysis.comparison.json_patch import diff
from models_store.assignments.record import AssignmentRecord
from models_store.experiments.record import Record, Status
from models_store.experiments.summaries import Row
from models_store.experiments.summary import ExperimentSummary
from models_store.frozen import Frozen
from models_store.owners.ledger import TrainingLedger
from specs.assignment import is_within
from specs.problem import Problem, format_value, pointer_of, quantity

_FREE = ("/name", "/notes", "/tags", "/based_on")
_MAX_CHANGES = 20


class Spent(Frozen):
    """What a student has used of a budget: experiments on the dataset since the assignment began, and the minutes that
    they have trained, without what they have waited."""

    runs: int
    minutes: float


class Entry(NamedTuple):
    """What is judged: the record of an experiment, and what its owner has spent up to it."""

    record: Record
    spent: Spent


def spent_by(
    owner: str,
    assignment: AssignmentRecord,
    rows: Sequence[Row],
    ledger: TrainingLedger,
    now: datetime,
    up_to: Record | None = None,
) -> Spent:
    """With no experiment that was posted after `up_to`: what is started later does not spoil what was good."""
    runs = [
        row.summary
        for row in rows
        if row.summary.owner == owner
        and row.summary.dataset == assignment.dataset
        and row.summary.created_at >= assignment.created_at
        and (up_to is None or row.summary.created_at <= up_to.created_at)
    ]
    return Spent(runs=len(runs), minutes=minutes_of(owner, runs, ledger, now))


def minutes_of(owner: str, runs: Sequence[ExperimentSummary], ledger: TrainingLedger, now: datetime) -> float:
    """How long experiments of one owner have trained, without what they have waited."""
    if not runs:
        return 0.0
    seconds = ledger.seconds_by_experiment(owner, min(each.created_at for each in runs), now)
    return round(sum(seconds.get(each.id, 0.0) for each in runs) / 60, 2)


def broken_rules(assignment: AssignmentRecord, entry: Entry, owner: str) -> list[Problem]:
    """One for each rule that an experiment breaks."""
    return [
        Problem(pointer="/experiment", detail=sentence, received=entry.record.id)
        for sentence in (*_of_experiment(assignment, entry.record, owner), *_of_budget(assignment, entry))
    ]


def _of_experiment(assignment: AssignmentRecord, record: Record, owner: str) -> Iterator[str]:
    if record.owner != owner:
        yield f"it belongs to {record.owner or 'nobody'}; submit one of your own"
    if record.status is not Status.SUCCEEDED:
        yield f"it is {record.status}; only experiments that have succeeded are submitted"
    if record.dataset != assignment.dataset:
        yield f"it is on {record.dataset}; this assignment is on {assignment.dataset}"
        return
    if record.created_at < assignment.created_at:
        yield f"it was posted before the assignment began, {assignment.created_at:%Y-%m-%d %H:%M} UTC; train it again"
    yield from _changes(assignment, record)


def _changes(assignment: AssignmentRecord, record: Record) -> Iterator[str]:
    allowed = (*_FREE, *assignment.may_change)
    found = 0
    for change in diff(dict(assignment.base), record.spec.document):
        pointer = pointer_of(change.path)
        if any(is_within(pointer, each) for each in allowed):
            continue
        found += 1
        if found > _MAX_CHANGES:
            yield "more of it differs from the base; start again from that"
            return
        change_text = f"{format_value(change.before)}, it has {format_value(change.after)}"
        yield f"{pointer} differs from the base, which has {change_text}; {_may_differ(assignment)}"


def _may_differ(assignment: AssignmentRecord) -> str:
    return f"only {', '.join(assignment.may_change)} may differ" if assignment.may_change else "nothing may differ"


def _of_budget(assignment: AssignmentRecord, entry: Entry) -> Iterator[str]:
    budget, parameters, spent = assignment.budget, entry.record.parameters or 0, entry.spent
    if budget.parameters is not None and parameters > budget.parameters:
        yield f"its network has {quantity(parameters, 'parameter')}; at most {budget.parameters:,} are allowed"
    if budget.runs is not None and spent.runs > budget.runs:
        runs = quantity(spent.runs, "experiment")
        yield f"up to it you have started {runs} on {assignment.dataset}; {budget.runs:,} are allowed"
    if budget.minutes is not None and spent.minutes > budget.minutes:
        yield f"up to it your experiments have trained for {spent.minutes:.1f} minutes; {budget.minutes:g} are allowed"
