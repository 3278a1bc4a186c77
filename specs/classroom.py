"""What a teacher may ask for: classes and their students, and comments on experiments."""

import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from specs import limits
from specs.errors import SpecError
from specs.explanation import problems_of
from specs.schema import FieldError, Lax, Line, Schema

_CLASS = re.compile("[a-z0-9][a-z0-9-]{0,29}")
_HANDLE_CHARACTERS = 24
_NOT_IN_HANDLES = re.compile("[^a-z0-9]+")
# What does not decompose into a letter and its accents.
_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "ø": "o",
        "œ": "oe",
        "ł": "l",
        "đ": "d",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "þ": "th",
        "ð": "d",
    }
)

StudentName = Annotated[Line, Field(max_length=limits.NAME_CHARACTERS)]


def is_class_name(text: str) -> bool:
    """Only those become part of a path, and of the owners of students."""
    return _CLASS.fullmatch(text) is not None


def _check_class(name: str) -> str:
    if not is_class_name(name):
        raise FieldError((), "expected 1 to 30 lower-case letters, digits and -, such as biology-7b")
    return name


def _check_students(names: tuple[str, ...]) -> tuple[str, ...]:
    # Not `min_length`, which also counts what is invalid by itself.
    if not names:
        raise FieldError((), "is empty; name at least one student")
    for index, name in enumerate(names):
        if name in names[:index]:
            raise FieldError((index,), "is in the list already; tell students of one name apart, as Ann B. and Ann K.")
    return names


Students = Annotated[tuple[StudentName, ...], Lax, Field(max_length=limits.STUDENTS), AfterValidator(_check_students)]


class ClassSpec(Schema):
    """A class and the names of its students; each gets a handle that is made from the name."""

    name: Annotated[str, AfterValidator(_check_class)]
    students: Students


class StudentsSpec(Schema):
    """Students to add to a class, by their names."""

    students: Students


class CommentSpec(Schema):
    """What a teacher says about an experiment."""

    text: Annotated[str, Field(min_length=1, max_length=limits.COMMENT_CHARACTERS)]


def handle_of(name: str, taken: set[str]) -> str:
    """A handle made from `name`: at most 24 lower-case letters, digits and -. `student` where no letter is left, with a
    number where it is `taken`."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    handle = _NOT_IN_HANDLES.sub("-", letters).strip("-")[:_HANDLE_CHARACTERS].strip("-") or "student"
    numbered, number = handle, 1
    while numbered in taken:
        number += 1
        numbered = f"{handle[: _HANDLE_CHARACTERS - 4]}-{number}"
    return numbered


def parse_class(document: Any) -> ClassSpec:
    """Raises SpecError with all problems found."""
    try:
        return ClassSpec.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, ClassSpec)) from None


def parse_students(document: Any) -> StudentsSpec:
    """Raises SpecError with all problems found."""
    try:
        return StudentsSpec.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, StudentsSpec)) from None


def parse_comment(document: Any) -> CommentSpec:
    """Raises SpecError with all problems found."""
    try:
        return CommentSpec.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, CommentSpec)) from None
