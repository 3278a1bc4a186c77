"""What is told when a prediction was wrong, or right: the class that the image shows."""

from typing import Any, Self

from pydantic import ValidationError, ValidationInfo, model_validator

from specs.dataset import Dataset, known_class
from specs.errors import SpecError
from specs.explanation import problems_of
from specs.schema import FieldError, Schema


class CorrectionSpec(Schema):
    """`label` is the name of a class, as text: of classes called 1, 2, ... an index would mean another one.

    Validation takes the dataset from the context `{"dataset": Dataset}`.
    """

    label: str

    @model_validator(mode="after")
    def _known_label(self, info: ValidationInfo) -> Self:
        dataset: Dataset = (info.context or {})["dataset"]
        try:
            known_class(self.label, dataset)
        except FieldError as error:
            raise error.with_prefix("label") from None
        return self


def parse_correction(document: Any, dataset: Dataset) -> CorrectionSpec:
    """Raises SpecError with all problems found. `dataset` is the one whose classes there are."""
    try:
        return CorrectionSpec.model_validate(document, context={"dataset": dataset})
    except ValidationError as error:
        raise SpecError(problems_of(error, document, CorrectionSpec)) from None
