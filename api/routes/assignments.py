"""`/assignments`: what a class is set, what students submit, and the leaderboard."""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response

from analysis.classroom.leaderboard import Leaderboard, ScoredSubmission, build_leaderboard, scored
from analysis.classroom.rules import Entry, Spent, broken_rules, spent_by
from api import content, request_bodies
from api.access import READ, RUN, TEACH
from api.classroom import AssignmentDep, OwnAssignmentDep, get_taught_class, sees, teaches
from api.dependencies import BodyDep, StoreDep, SyntaxDep
from api.ownership import OwnKey, check_dataset
from api.schemas.assignments import (
    AssignmentList,
    AssignmentView,
    SubmissionList,
    SubmissionView,
    leaderboard_csv,
)
from api.wire.posted_spec import parse_posted_document, parse_ready_spec
from models_store.access.key import Key
from models_store.assignments.record import AssignmentRecord, StoredBudget
from models_store.assignments.store import SealedSplit
from models_store.classes.record import ClassRecord
from models_store.connection import require_redis
from models_store.errors import NotFound, NotOwner
from models_store.experiments.record import Record
from models_store.frozen import utc_now
from models_store.store import Store
from specs.assignment import parse_assignment, parse_assignment_edit, parse_submission
from specs.errors import SpecError
from specs.experiment import ExperimentSpec
from specs.problem import Problem, quantity, received_value

router = APIRouter(tags=["classroom"])
# Scores on halves of fewer samples are chance.
_MIN_SAMPLES = 20


@router.post(
    "/assignments", status_code=HTTPStatus.CREATED, openapi_extra=request_bodies.ASSIGNMENT, dependencies=[TEACH]
)
def create_assignment(
    body: BodyDep, syntax: SyntaxDep, store: StoreDep, own: OwnKey, response: Response
) -> AssignmentView:
    """Set a class an assignment: a spec to improve (`base`), what of it may be changed, a budget, a deadline, a metric.

    The official test split of its dataset is sealed at once, for everybody, until the deadline at least: no route shows
    a result on it, nor an image or a label of it. Only the leaderboard tells scores. An uploaded dataset must be your
    own; the deadline is within a year.
    """
    posted = parse_posted_document(body, syntax, '{"class": "biology-7b", "base": {...}, ...}')
    spec = parse_assignment(posted)
    classroom = get_taught_class(_class_of(spec.class_name, store, own), own)
    base = _parse_base(spec.base, store)
    check_dataset(base.dataset.name, store, own)
    known = store.known_datasets()[base.dataset.name].classes
    with store.classes.hold(classroom.name):
        record = store.assignments.create(
            AssignmentRecord(
                class_name=classroom.name,
                dataset=base.dataset.name,
                class_numbers=tuple(map(known.index, base.dataset.classes or known)),
                base=base.document(),
                **spec.model_dump(include={"title", "task", "may_change", "deadline", "metric"}),
                budget=StoredBudget(**spec.budget.model_dump()),
            )
        )
    response.headers["Location"] = f"/assignments/{record.id}"
    return AssignmentView.of(record, utc_now())


def _class_of(name: str, store: Store, own: Key) -> ClassRecord:
    """Raises SpecError if a key sees no class of this name."""
    with suppress(NotFound):
        found = store.classes.get(name)
        if sees(own, found):
            return found
    detail = "no class of yours has this name; GET /classes lists them"
    raise SpecError([Problem(pointer="/class", detail=detail, received=received_value(name))])


def _parse_base(document: Mapping[str, Any], store: Store) -> ExperimentSpec:
    """Raises SpecError with pointers below /base."""
    try:
        base = parse_ready_spec(dict(document), store)
    except SpecError as error:
        problems = [each.model_copy(update={"pointer": f"/base{each.pointer}"}) for each in error.problems]
        raise SpecError(problems) from None
    dataset = base.dataset
    if dataset.split.test != "official":
        detail = (
            f"an assignment needs a dataset with an official test split, which can be sealed; {dataset.name} draws its "
            "own: upload one with folders train/ and test/"
        )
        raise SpecError([Problem(pointer="/base/dataset/split/test", detail=detail, received=dataset.split.test)])
    samples = dataset.split_sizes().test
    if samples < _MIN_SAMPLES:
        detail = f"its test split has {quantity(samples, 'sample')}; a leaderboard needs at least {_MIN_SAMPLES}"
        raise SpecError([Problem(pointer="/base/dataset", detail=detail, received=dataset.name)])
    return base


@router.get("/assignments", dependencies=[READ])
def list_assignments(store: StoreDep, own: OwnKey) -> AssignmentList:
    """List the assignments of the classes that you teach or attend."""
    seen = {each.name for each in store.classes.records() if sees(own, each)}
    found = [each for each in store.assignments.records() if each.class_name in seen]
    return AssignmentList(items=[_view(each, store, own) for each in found])


@router.get("/assignments/{assignment_id}", dependencies=[READ])
def get_assignment(found: AssignmentDep, store: StoreDep, own: OwnKey) -> AssignmentView:
    """Get an assignment; a student also gets what is spent of the budget."""
    return _view(found, store, own)


def _view(found: AssignmentRecord, store: Store, own: Key) -> AssignmentView:
    is_student = store.classes.get(found.class_name).student_of(own.owner) is not None
    return AssignmentView.of(found, utc_now(), _spent(own.owner, found, store) if is_student else None)


def _spent(owner: str, found: AssignmentRecord, store: Store, up_to: Record | None = None) -> Spent:
    with require_redis():
        rows = store.summaries.snapshot().rows
    return spent_by(owner, found, rows, store.quotas.owners.ledger, utc_now(), up_to)


@router.patch("/assignments/{assignment_id}", openapi_extra=request_bodies.ASSIGNMENT_EDIT, dependencies=[TEACH])
def edit_assignment(found: OwnAssignmentDep, body: BodyDep, syntax: SyntaxDep, store: StoreDep) -> AssignmentView:
    """Move the deadline: `{"deadline": "2027-03-01T18:00:00+01:00"}`. Rejected once it has passed, because the final
    scores may be known since. The body is a JSON merge patch."""
    edit = parse_assignment_edit(parse_posted_document(body, syntax, '{"deadline": "2027-03-01T18:00:00+01:00"}'))
    return AssignmentView.of(store.assignments.move_deadline(found.id, edit.deadline), utc_now())


@router.delete("/assignments/{assignment_id}", status_code=HTTPStatus.NO_CONTENT, dependencies=[TEACH])
def delete_assignment(found: OwnAssignmentDep, store: StoreDep) -> None:
    """Delete an assignment with its submissions. The test split of its dataset stays hidden until it is revealed:
    `POST /datasets/{name}:reveal`."""
    store.assignments.delete(found.id)


@router.post(
    "/assignments/{assignment_id}/submissions",
    status_code=HTTPStatus.CREATED,
    openapi_extra=request_bodies.SUBMISSION,
    dependencies=[RUN],
)
def create_submission(
    found: AssignmentDep, body: BodyDep, syntax: SyntaxDep, store: StoreDep, own: OwnKey
) -> SubmissionView:
    """Submit an experiment of yours: `{"experiment": "01K6..."}`. It is judged by the rules of the assignment; the
    answer to one that breaks some has a sentence for each. Submissions are limited; one that is rejected does not
    count."""
    wanted = parse_submission(parse_posted_document(body, syntax, '{"experiment": "01K6..."}')).experiment
    if store.classes.get(found.class_name).student_of(own.owner) is None:
        raise NotOwner(f"only students of class {found.class_name} submit something; this key is of {own.owner}")
    record = store.experiments.get(wanted)

    def check() -> None:
        entry = Entry(record, _spent(own.owner, found, store, record))
        if problems := broken_rules(found, entry, own.owner):
            raise SpecError(problems)

    assignment, submission = store.assignments.submit(found.id, own.owner, record, check)
    used = sum(each.student == own.owner for each in store.assignments.submissions(found.id))
    return SubmissionView(
        id=submission.id,
        experiment_id=submission.experiment_id,
        submitted_at=submission.at,
        submissions_left=max(0, assignment.budget.submissions - used),
    )


@router.get("/assignments/{assignment_id}/submissions", dependencies=[READ])
def list_submissions(found: AssignmentDep, store: StoreDep, own: OwnKey) -> SubmissionList:
    """List your submissions with their scores on the public half of the test split, and after the deadline on the final
    half, once no other assignment on its dataset is open; a teacher gets those of everybody."""
    classroom, test = store.classes.get(found.class_name), _test_samples(found, store)
    if test is None:
        return SubmissionList(items=[])
    submissions = store.assignments.submissions(found.id)
    items = scored(found, classroom, submissions, test, is_final=store.assignments.is_final(found, utc_now()))
    return SubmissionList(items=[each for each in items if _may_see(each, own, classroom)])


def _may_see(submission: ScoredSubmission, own: Key, classroom: ClassRecord) -> bool:
    you = classroom.student_of(own.owner)
    return teaches(own, classroom) or (you is not None and submission.handle == you.handle)


@router.get("/assignments/{assignment_id}/leaderboard", dependencies=[READ])
def get_leaderboard(found: AssignmentDep, store: StoreDep) -> Leaderboard:
    """Get the leaderboard: the best submission of each student, with 95 % intervals. Between students of one rank no
    difference is shown.

    Until the deadline it has scores on the public half of the hidden test split, by which also the submission is chosen
    that represents a student; after it those on the final half, which nothing was chosen by, and the lineage of each.
    While another assignment on the dataset is open, scores stay those on the public half.
    """
    return _leaderboard(found, store)


@router.get(
    "/assignments/{assignment_id}/leaderboard.csv",
    response_class=Response,
    responses=content.text(content.CSV),
    dependencies=[READ],
)
def get_leaderboard_file(found: AssignmentDep, store: StoreDep) -> Response:
    """Get the leaderboard as CSV: a row for each student who has submitted something."""
    return Response(leaderboard_csv(_leaderboard(found, store)), media_type=content.CSV)


def _leaderboard(found: AssignmentRecord, store: Store) -> Leaderboard:
    now = utc_now()
    return build_leaderboard(
        found,
        store.classes.get(found.class_name),
        store.assignments.submissions(found.id),
        _test_samples(found, store),
        store.experiments,
        now,
        is_final=store.assignments.is_final(found, now),
    )


def _test_samples(found: AssignmentRecord, store: Store) -> SealedSplit | None:
    """None before the first submission."""
    try:
        return store.assignments.test_samples(found.id)
    except NotFound:
        return None
