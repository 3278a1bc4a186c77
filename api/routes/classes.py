"""`/classes`: a teacher's students, their keys and their progress. `/experiments/{id}/comments`."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import APIRouter, Response

from analysis.classroom.progress import StudentProgress, read_progress
from analysis.classroom.report import read_report, render_report
from api import content, request_bodies
from api.access import READ, TEACH
from api.classroom import ClassDep, TaughtClassDep, sees
from api.dependencies import BodyDep, ExperimentsDep, StoreDep, SyntaxDep
from api.ownership import Owner, OwnKey
from api.schemas.classes import (
    ClassKeys,
    ClassList,
    ClassView,
    CommentList,
    ProgressList,
    StudentKey,
    progress_csv,
)
from api.wire.posted_spec import parse_posted_document
from models_store.access.key import Key
from models_store.classes.record import ClassRecord
from models_store.classes.store import STUDENT_SCOPES
from models_store.connection import require_redis
from models_store.errors import Forbidden
from models_store.experiments.comments import Comment, add_comment, read_comments
from models_store.experiments.summaries import Row
from models_store.frozen import utc_now
from models_store.store import Store
from specs.classroom import parse_class, parse_comment, parse_students

router = APIRouter(tags=["classroom"])
_STUDENTS = '{"students": ["Ann", "Bob"]}'


@router.post("/classes", status_code=HTTPStatus.CREATED, openapi_extra=request_bodies.CLASS, dependencies=[TEACH])
def create_class(body: BodyDep, syntax: SyntaxDep, store: StoreDep, own: OwnKey, response: Response) -> ClassKeys:
    """Create a class, with a key for each student: `{"name": "biology-7b", "students": ["Ann", "Bob"]}`. You are its
    teacher.

    The keys have the scopes `read`, `run` and `predict`, which yours must have as well, and expire no later than yours.
    Their texts are never shown again.
    """
    spec = parse_class(parse_posted_document(body, syntax, '{"name": "biology-7b", "students": ["Ann"]}'))
    _check_grant(own)
    record, keys = store.classes.create(spec, own)
    response.headers["Location"] = f"/classes/{record.name}"
    return ClassKeys.of(record, keys)


@router.get("/classes", dependencies=[READ])
def list_classes(store: StoreDep, own: OwnKey) -> ClassList:
    """List the classes that you teach or attend; with the scope `admin` all."""
    return ClassList(items=[ClassView.of(each, own) for each in store.classes.records() if sees(own, each)])


@router.get("/classes/{class_name}", dependencies=[READ])
def get_class(found: ClassDep, own: OwnKey) -> ClassView:
    """Get a class and its students."""
    return ClassView.of(found, own)


@router.delete("/classes/{class_name}", status_code=HTTPStatus.NO_CONTENT, dependencies=[TEACH])
def delete_class(found: TaughtClassDep, store: StoreDep, own: OwnKey) -> None:
    """Delete a class with its assignments and submissions, and revoke its students' keys. Their experiments stay."""

    def delete_assignments() -> None:
        assignments = store.assignments.records(found.name)
        # First: nothing is deleted if something cannot be.
        for name in {found.name, *(each.dataset for each in assignments)}:
            store.assignments.reject_newer(name)
        for each in assignments:
            store.assignments.delete(each.id)

    store.classes.delete(found.name, own.id, delete_assignments)


@router.post(
    "/classes/{class_name}/students",
    status_code=HTTPStatus.CREATED,
    openapi_extra=request_bodies.STUDENTS,
    dependencies=[TEACH],
)
def create_students(found: TaughtClassDep, body: BodyDep, syntax: SyntaxDep, store: StoreDep, own: OwnKey) -> ClassKeys:
    """Add students to a class, with a key each: `{"students": ["Cem"]}`. The answer has the texts of the new keys."""
    names = parse_students(parse_posted_document(body, syntax, _STUDENTS)).students
    _check_grant(own)
    return ClassKeys.of(*store.classes.add_students(found.name, names, own))


@router.delete("/classes/{class_name}/students/{handle}", dependencies=[TEACH])
def delete_student(found: TaughtClassDep, handle: str, store: StoreDep, own: OwnKey) -> ClassView:
    """Remove a student from a class, and revoke the student's keys. Experiments stay; submissions are no longer on the
    leaderboard."""
    return ClassView.of(store.classes.remove_student(found.name, handle, own.id), own)


@router.post("/classes/{class_name}/students/{handle}/key", status_code=HTTPStatus.CREATED, dependencies=[TEACH])
def create_student_key(found: TaughtClassDep, handle: str, store: StoreDep, own: OwnKey) -> StudentKey:
    """Give a student who has lost the key another one. All keys that the student has are revoked."""
    _check_grant(own)
    return StudentKey.of(*store.classes.renew_key(found.name, handle, own))


@router.get("/classes/{class_name}/progress", dependencies=[TEACH])
def get_progress(found: TaughtClassDep, store: StoreDep) -> ProgressList:
    """See how each student gets on: runs, last activity, what a diagnosis finds in the last run, and who is stuck."""
    return ProgressList(items=_progress(found, store))


@router.get(
    "/classes/{class_name}/progress.csv",
    response_class=Response,
    responses=content.text(content.CSV),
    dependencies=[TEACH],
)
def get_progress_file(found: TaughtClassDep, store: StoreDep) -> Response:
    """Get the same as CSV: a row for each student."""
    return Response(progress_csv(_progress(found, store)), media_type=content.CSV)


@router.get(
    "/classes/{class_name}/students/{handle}/report.html",
    response_class=Response,
    responses=content.text(content.HTML),
    dependencies=[TEACH],
)
def get_student_report(found: TaughtClassDep, handle: str, store: StoreDep) -> Response:
    """Get a report on a student as one self-contained page: submissions with their scores, what a diagnosis finds in
    the last run, all runs with their validation accuracy and the comments on them."""
    report = read_report(found, found.student(handle), _rows(store), store, utc_now())
    return Response(render_report(report), media_type=content.HTML, headers=content.REPORT_HEADERS)


def _progress(found: ClassRecord, store: Store) -> list[StudentProgress]:
    return read_progress(found, _rows(store), store, utc_now())


def _rows(store: Store) -> Sequence[Row]:
    with require_redis():
        return store.summaries.snapshot().rows


@router.post(
    "/experiments/{experiment_id}/comments",
    status_code=HTTPStatus.CREATED,
    openapi_extra=request_bodies.COMMENT,
    dependencies=[TEACH],
)
def create_comment(
    experiment_id: str, body: BodyDep, syntax: SyntaxDep, experiments: ExperimentsDep, owner: Owner
) -> Comment:
    """Comment on an experiment, as a teacher does: `{"text": "What does the gap between the curves say?"}`."""
    text = parse_comment(parse_posted_document(body, syntax, '{"text": "..."}')).text
    comment = Comment(author=owner, text=text)
    add_comment(experiments.existing_folder(experiment_id), comment)
    return comment


@router.get("/experiments/{experiment_id}/comments", dependencies=[READ])
def list_comments(experiment_id: str, experiments: ExperimentsDep) -> CommentList:
    """List the comments on an experiment, oldest first."""
    return CommentList(items=read_comments(experiments.existing_folder(experiment_id)))


def _check_grant(own: Key) -> None:
    """Raises Forbidden if the key has less than the students'."""
    if not own.allows(STUDENT_SCOPES):
        missing = [each for each in STUDENT_SCOPES if not own.allows((each,))]
        raise Forbidden(
            f"students get keys with {', '.join(STUDENT_SCOPES)}, and a key cannot grant more than it has: yours lacks "
            f"{', '.join(missing)}"
        )
