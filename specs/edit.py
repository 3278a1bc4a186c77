"""What of an experiment can be edited after it was posted, and of a dataset."""

from typing import Annotated, Any

from pydantic import Field, ValidationError

from specs import limits
from specs.errors import SpecError
from specs.explanation import problems_of
from specs.schema import Lax, Line, Priority, Schema


class ExperimentEdit(Schema):
    """A JSON merge patch (RFC 7396): what is left out stays as it is; null restores what was posted, no star, and
    priority 0. What is `private` is there for its owner, their teacher and admins alone."""

    name: Annotated[Line, Field(max_length=limits.NAME_CHARACTERS)] | None = None
    notes: Annotated[str, Field(max_length=limits.NOTES_CHARACTERS)] | None = None
    tags: (
        Annotated[
            tuple[Annotated[Line, Field(max_length=limits.TAG_CHARACTERS)], ...], Lax, Field(max_length=limits.TAGS)
        ]
        | None
    ) = None
    star: bool | None = None
    priority: Priority | None = None
    private: bool = False

    def changes(self) -> dict[str, Any]:
        """The members that were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def _leave_out(schema: dict[str, Any]) -> None:
    """Generated clients send what has a default."""
    del schema["default"]


class DatasetEdit(Schema):
    """A JSON merge patch (RFC 7396). `hide_test` withholds all results on the dataset's test split until
    `POST /datasets/{name}:reveal`. What is `private` is there for its owner, their teacher and admins alone."""

    hide_test: bool | None = Field(default=None, json_schema_extra=_leave_out)
    private: bool = Field(default=False, json_schema_extra=_leave_out)


class OwnerEdit(Schema):
    """A JSON merge patch (RFC 7396). With `private`, what you create is, unless a request says otherwise; null is the
    default of the service."""

    private: bool | None


def parse_edit(document: Any) -> ExperimentEdit:
    """Raises SpecError with all problems found."""
    try:
        return ExperimentEdit.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, ExperimentEdit)) from None


def parse_owner_edit(document: Any) -> OwnerEdit:
    """Raises SpecError with all problems found."""
    try:
        return OwnerEdit.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, OwnerEdit)) from None


def parse_dataset_edit(document: Any) -> DatasetEdit:
    """Raises SpecError with all problems found."""
    try:
        return DatasetEdit.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, DatasetEdit)) from None
