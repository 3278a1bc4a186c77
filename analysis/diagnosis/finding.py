"""A finding of a diagnosis, and the change that it suggests."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["info", "warning", "problem"]


class Suggestion(BaseModel):
    """A change that is likely to help. `patch` can be posted to /experiments as it is, as
    `application/merge-patch+json`."""

    model_config = ConfigDict(frozen=True)

    sentence: str
    patch: dict[str, Any] = Field(description="a JSON merge patch (RFC 7396) of the spec, with `based_on`")


class Finding(BaseModel):
    """What one rule found. The sentence counts epochs from 1, as the progress of a training does; epochs in `evidence`
    count from 0, as in the history."""

    model_config = ConfigDict(frozen=True)

    rule: str
    severity: Severity
    sentence: str
    evidence: dict[str, Any]
    suggestion: Suggestion | None = None
