"""The request that moves experiments to the front of the queue."""

from collections import Counter
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from specs import limits
from specs.errors import SpecError
from specs.explanation import problems_of
from specs.schema import ExperimentId, FieldError, Lax, Schema


class Reordering(Schema):
    """`ids` are those of queued experiments, or of sweeps, for their queued trials; the first one is to start first."""

    ids: Annotated[tuple[ExperimentId, ...], Lax, Field(max_length=limits.REORDERED)]

    @model_validator(mode="after")
    def _check_ids(self) -> Self:
        # Not `min_length`, which also counts what is invalid by itself.
        if not self.ids:
            raise FieldError(("ids",), "is empty; name the experiments that are to start first")
        counts = Counter(self.ids)
        for place, each in enumerate(self.ids):
            if counts[each] > 1:
                raise FieldError(("ids", place), f"{each} is there {counts[each]} times; name each experiment once")
        return self


def parse_reordering(document: Any) -> Reordering:
    """Raises SpecError with all problems found."""
    try:
        return Reordering.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, Reordering)) from None
