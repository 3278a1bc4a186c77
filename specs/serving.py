"""The request that selects the model that serves a dataset."""

from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from specs.errors import SpecError
from specs.explanation import problems_of
from specs.schema import ExperimentId, FieldError, Schema

_EITHER = 'expected either {"experiment_id": "01J..."}, the model to serve, or {"policy": "best"}'


class ServingSpec(Schema):
    """Serve the model of `experiment_id`, or by `policy` the best model. Exactly one of them is given."""

    experiment_id: ExperimentId | None = Field(
        default=None, description="the id of an experiment, 26 digits and capital letters"
    )
    policy: Literal["best"] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.experiment_id is None) == (self.policy is None):
            received = "neither of them" if self.policy is None else "both"
            raise FieldError((), f"{_EITHER}; received {received}")
        return self


def parse_serving(document: Any) -> ServingSpec:
    """Validate `document`. Raises SpecError with all problems found."""
    try:
        return ServingSpec.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, ServingSpec)) from None
