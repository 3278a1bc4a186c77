"""The correction of a prediction: the true class of the image."""

from typing import Any, Self

from pydantic import Field, ValidationError, ValidationInfo, model_validator

from specs.dataset import Dataset, check_class
from specs.errors import SpecError
from specs.explanation import problems_of
from specs.schema import FieldError, Schema


class CorrectionSpec(Schema):
    """`label` is the name of a class, never its index: classes may be called 1, 2, ...

    The validation context is `{"dataset": Dataset}`.
    """

    label: str = Field(description="the name of the class that the image shows")

    @model_validator(mode="after")
    def _check_label(self, info: ValidationInfo) -> Self:
        dataset: Dataset = (info.context or {})["dataset"]
        try:
            check_class(self.label, dataset)
        except FieldError as error:
            raise error.with_prefix("label") from None
        return self


def parse_correction(document: Any, dataset: Dataset) -> CorrectionSpec:
    """Validate `document` against the classes of `dataset`. Raises SpecError with all problems found."""
    try:
        return CorrectionSpec.model_validate(document, context={"dataset": dataset})
    except ValidationError as error:
        raise SpecError(problems_of(error, document, CorrectionSpec)) from None
