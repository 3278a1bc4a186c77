"""Problem details: the body of every answer that is not a success (RFC 9457)."""

from pydantic import BaseModel, ConfigDict, Field

from specs.problem import Problem

_SENTENCE = "/training/epoch: unknown field `epoch`; did you mean `epochs`?"


class ProblemDetails(BaseModel):
    """The body of every answer that is not a success (RFC 9457). `error` repeats `detail` for clients that read only
    that."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:trainyard:problem:spec_error",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": _SENTENCE,
                "instance": "/experiments",
                "error": _SENTENCE,
                "errors": [
                    {
                        "pointer": "/training/epoch",
                        "detail": "unknown field `epoch`; did you mean `epochs`?",
                        "received": 3,
                    }
                ],
            }
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    error: str
    errors: list[Problem] = Field(default_factory=list, description="for 422: one entry for each invalid field")
