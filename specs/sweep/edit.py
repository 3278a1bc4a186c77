"""What of a sweep can be changed while it runs, and after it has succeeded."""

from typing import Any

from pydantic import Field, ValidationError

from specs import limits
from specs.errors import SpecError
from specs.explanation import problems_of
from specs.problem import Problem
from specs.schema import Priority, Schema


class SweepEdit(Schema):
    """A JSON merge patch (RFC 7396): what is left out stays as it is. `minutes` null removes the limit;
    `priority` is that of trials to come. What is `private` is, with its trials, there for its owner, their teacher and
    admins alone. A sweep that has succeeded continues if it may start more trials."""

    trials: int | None = Field(default=None, ge=1, le=limits.TRIALS)
    minutes: float | None = Field(default=None, gt=0, le=limits.SWEEP_MINUTES)
    parallel: int | None = Field(default=None, ge=1, le=limits.PARALLEL)
    priority: Priority | None = None
    paused: bool | None = None
    private: bool | None = None

    def changes(self) -> dict[str, Any]:
        """The members that were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def parse_sweep_edit(document: Any) -> SweepEdit:
    """Raises SpecError with all problems found."""
    try:
        edit = SweepEdit.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, SweepEdit)) from None
    nulls = [name for name, value in edit.changes().items() if value is None and name != "minutes"]
    if nulls:
        raise SpecError([Problem(pointer=f"/{name}", detail="has no default; send a value") for name in nulls])
    return edit
