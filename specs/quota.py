"""What an owner may use."""

from typing import Annotated, Any

from pydantic import Field, ValidationError

from specs.errors import SpecError
from specs.explanation import problems_of
from specs.schema import Schema

_MAX = 2**53
Amount = Annotated[int, Field(ge=0, le=_MAX)]


class QuotaSpec(Schema):
    """What is left out, or null, is as the settings say. `running` experiments at a time, `queued` ones beside them,
    `training_minutes` in a calendar month (UTC), `bytes` of experiments and uploaded datasets, `predictions` a day."""

    running: Amount | None = None
    queued: Amount | None = None
    training_minutes: Amount | None = None
    bytes: Amount | None = None
    predictions: Amount | None = None


def parse_quota(document: Any) -> QuotaSpec:
    """Raises SpecError with all problems found."""
    try:
        return QuotaSpec.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, QuotaSpec)) from None
