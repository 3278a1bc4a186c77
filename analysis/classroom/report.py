"""A report on one student: runs, what a diagnosis finds in the last one, comments, submissions and their scores."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from analysis.classroom.leaderboard import ScoredSubmission, scored
from analysis.classroom.progress import StudentProgress, read_progress
from analysis.templates import load_templates
from models_store.assignments.record import AssignmentRecord
from models_store.classes.record import ClassRecord, Student
from models_store.errors import NotFound
from models_store.experiments.comments import Comment, read_comments
from models_store.experiments.summaries import Row
from models_store.experiments.summary import ExperimentSummary
from models_store.store import Store

_TEMPLATES = load_templates("analysis.classroom")


class ReportedRun(NamedTuple):
    """An experiment of the student. Nothing of it is on the test split."""

    summary: ExperimentSummary
    comments: Sequence[Comment]


class StudentReport(NamedTuple):
    """`runs` are oldest first, `submissions` by assignment."""

    class_name: str
    at: datetime
    progress: StudentProgress
    runs: Sequence[ReportedRun]
    submissions: Sequence[tuple[AssignmentRecord, ScoredSubmission]]


def read_report(
    classroom: ClassRecord, student: Student, rows: Sequence[Row], store: Store, now: datetime
) -> StudentReport:
    """`rows` are those of all experiments."""
    own = [row for row in rows if row.summary.owner == student.owner]
    [progress] = read_progress(classroom.model_copy(update={"students": (student,)}), own, store, now)
    return StudentReport(
        class_name=classroom.name,
        at=now,
        progress=progress,
        runs=[ReportedRun(row.summary, _comments(row.id, store)) for row in own],
        submissions=list(_submissions(classroom, student, store, now)),
    )


def render_report(report: StudentReport) -> str:
    """One self-contained page that loads and runs nothing."""
    return _TEMPLATES.get_template("student.html").render(report=report)


def _comments(experiment_id: str, store: Store) -> list[Comment]:
    try:
        return read_comments(store.experiments.existing_folder(experiment_id))
    except NotFound:  # deleted meanwhile
        return []


def _submissions(
    classroom: ClassRecord, student: Student, store: Store, now: datetime
) -> Iterator[tuple[AssignmentRecord, ScoredSubmission]]:
    for each in store.assignments.records(classroom.name):
        try:
            test = store.assignments.test_samples(each.id)
        except NotFound:  # nobody has submitted anything
            continue
        is_final = store.assignments.is_final(each, now)
        found = scored(each, classroom, store.assignments.submissions(each.id), test, is_final=is_final)
        yield from ((each, submission) for submission in found if submission.handle == student.handle)
