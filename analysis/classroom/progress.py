"""How the students of a class get on: runs, last activity, and what a diagnosis finds in the last run."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from analysis.classroom.rules import minutes_of
from analysis.diagnosis.diagnosis import diagnose
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.training_run import TrainingRun
from models_store.classes.record import ClassRecord, Student
from models_store.errors import Damaged, NotFound
from models_store.evaluations.evaluation import Evaluations
from models_store.experiments.record import Record, Status
from models_store.experiments.summaries import Row
from models_store.experiments.summary import ExperimentSummary
from models_store.frozen import Frozen
from models_store.store import Store
from specs.errors import SpecError
from specs.problem import quantity


class StudentProgress(Frozen):
    """`runs` counts experiments by status; `minutes` is how long they have trained, without what they
    have waited. `last` is the newest one that has
    trained at least an epoch or failed, with its `findings`. `is_stuck`: the last one failed or has a problem;
    `sentence` says which, or that there is none, or that nothing was started."""

    handle: str
    name: str
    owner: str
    runs: dict[str, int]
    minutes: float
    last_activity: datetime | None
    best_val_accuracy: float | None
    last: str | None
    findings: tuple[Finding, ...]
    is_stuck: bool
    sentence: str


def read_progress(classroom: ClassRecord, rows: Sequence[Row], store: Store, now: datetime) -> list[StudentProgress]:
    """Of all students, in the order of the class."""
    by_owner: dict[str | None, list[ExperimentSummary]] = {each.owner: [] for each in classroom.students}
    for row in rows:
        if row.summary.owner in by_owner:
            by_owner[row.summary.owner].append(row.summary)
    return [_progress(each, by_owner[each.owner], store, now) for each in classroom.students]


def _progress(student: Student, runs: Sequence[ExperimentSummary], store: Store, now: datetime) -> StudentProgress:
    last = next((each for each in reversed(runs) if each.epochs_completed or each.status is Status.FAILED), None)
    findings = () if last is None else _findings(last.id, store)
    problem = _problem(last, findings)
    accuracies = [value for each in runs if (value := each.metrics.get("val_accuracy")) is not None]
    return StudentProgress(
        handle=student.handle,
        name=student.name,
        owner=student.owner,
        runs=dict(Counter(each.status.value for each in runs)),
        minutes=minutes_of(student.owner, runs, store.quotas.owners.ledger, now),
        last_activity=max(_activity(runs), default=None),
        best_val_accuracy=max(accuracies, default=None),
        last=None if last is None else last.id,
        findings=findings,
        is_stuck=problem is not None,
        sentence=problem or _well(len(runs)),
    )


def _activity(runs: Sequence[ExperimentSummary]) -> Iterator[datetime]:
    for each in runs:
        yield from (time for time in (each.created_at, each.started_at, each.ended_at) if time is not None)


def _well(runs: int) -> str:
    return f"{quantity(runs, 'run')}, no problem in the last one" if runs else "has started nothing yet"


def _problem(last: ExperimentSummary | None, findings: Sequence[Finding]) -> str | None:
    if last is not None and last.status is Status.FAILED:
        return f"the last run failed: {last.error.message if last.error else 'the reason is unknown'}"
    return next((each.sentence for each in findings if each.severity == "problem"), None)


def _findings(experiment_id: str, store: Store) -> tuple[Finding, ...]:
    """Without the test split: to look at a class is not to look at test results."""
    try:
        record = store.experiments.get(experiment_id)
        history = store.experiments.history(experiment_id)
        run = TrainingRun.of(record, store.spec_of(record), history, _validation(record, store))
    except (NotFound, Damaged, SpecError):
        return ()
    return tuple(diagnose(run).items)


def _validation(record: Record, store: Store) -> Evaluations:
    try:
        return {"validation": store.experiments.evaluation(record.id, "validation")}
    except NotFound:
        return {}
