"""What is asked for when the model that serves a dataset is chosen."""

from typing import Any, Literal, Self

from pydantic import ValidationError, model_validator

from specs.errors import SpecError
from specs.explanation import problems_of
from specs.schema import ExperimentId, FieldError, Schema

_EITHER = 'expected either {"experiment_id": "01J..."}, the model that is to serve, or {"policy": "best"}'


class ServingSpec(Schema):
    """The model of `experiment_id` serves, or by `policy` whichever is the best: one of the two is said."""

    experiment_id: ExperimentId | None = None
    policy: Literal["best"] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.experiment_id is None) == (self.policy is None):
            received = "neither of them" if self.policy is None else "both"
            raise FieldError((), f"{_EITHER}; received {received}")
        return self


def parse_serving(document: Any) -> ServingSpec:
    """Raises SpecError with all problems found."""
    try:
        return ServingSpec.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, ServingSpec)) from None
