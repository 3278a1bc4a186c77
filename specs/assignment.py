"""What a teacher may set a class as an assignment, and what a student submits."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from specs import limits
from specs.errors import SpecError
from specs.explanation import problems_of
from specs.schema import ExperimentId, FieldError, Lax, Line, Schema

Metric = Literal["accuracy", "balanced_accuracy"]
# What of a spec decides on the test samples, and on their classes, stays as it is in the base.
CHANGEABLE = (
    "/augmentation",
    "/continue_from",
    "/dataset/add",
    "/dataset/limit_per_class",
    "/dataset/split/seed",
    "/dataset/split/stratify",
    "/dataset/split/validation",
    "/model",
    "/preprocessing",
    "/training",
)
_DEFAULT = ("/augmentation", "/model", "/preprocessing", "/training")


def _check_pointer(pointer: str) -> str:
    if not any(is_within(pointer, each) for each in CHANGEABLE):
        raise FieldError((), f"expected a JSON pointer into a spec, at or below one of {', '.join(CHANGEABLE)}")
    return pointer


def is_within(pointer: str, ancestor: str) -> bool:
    """Whether a JSON pointer leads to where `ancestor` does, or below."""
    return pointer == ancestor or pointer.startswith(f"{ancestor}/")


def _parse_time(value: Any) -> Any:
    """A string in the form of RFC 3339, which has an offset."""
    if not isinstance(value, str):
        return value
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise FieldError((), "expected a date and time with an offset, such as 2027-03-01T18:00:00+01:00")
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise FieldError((), "is out of range") from None


Time = Annotated[datetime, BeforeValidator(_parse_time, json_schema_input_type=str)]


class AssignmentBudget(Schema):
    """Of one student, from the start of the assignment on: how many experiments on its dataset, how many minutes of
    training they take together, how many submissions. `parameters` bounds the network. Null is no limit."""

    runs: int | None = Field(default=None, ge=1, le=limits.RUNS)
    minutes: float | None = Field(default=None, gt=0, le=limits.SWEEP_MINUTES)
    submissions: int = Field(default=5, ge=1, le=limits.SUBMISSIONS)
    parameters: int | None = Field(default=None, ge=1, le=limits.PARAMETERS)


class AssignmentSpec(Schema):
    """An assignment for a class. `base` is a spec; a submission may differ from it at the JSON pointers `may_change`
    and below, and in name, notes, tags and `based_on`. The official test split of its dataset is sealed."""

    class_name: str = Field(alias="class")
    title: Annotated[Line, Field(max_length=limits.NAME_CHARACTERS)]
    task: str = Field(default="", max_length=limits.NOTES_CHARACTERS)
    base: dict[str, Any]
    may_change: Annotated[
        tuple[Annotated[str, AfterValidator(_check_pointer)], ...], Lax, Field(max_length=limits.POINTERS)
    ] = _DEFAULT
    budget: AssignmentBudget = Field(default_factory=AssignmentBudget)
    deadline: Time
    metric: Metric = "accuracy"


class AssignmentEdit(Schema):
    """A JSON merge patch (RFC 7396)."""

    deadline: Time


class SubmissionSpec(Schema):
    """The id of an experiment to submit."""

    experiment: ExperimentId


def parse_assignment(document: Any) -> AssignmentSpec:
    """Raises SpecError with all problems found."""
    try:
        return AssignmentSpec.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, AssignmentSpec)) from None


def parse_assignment_edit(document: Any) -> AssignmentEdit:
    """Raises SpecError with all problems found."""
    try:
        return AssignmentEdit.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, AssignmentEdit)) from None


def parse_submission(document: Any) -> SubmissionSpec:
    """Raises SpecError with all problems found."""
    try:
        return SubmissionSpec.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, SubmissionSpec)) from None
