"""The form of a wake-up in Redis, as Celery sends it (its message protocol 2)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models_store.jobs.queue import KINDS, job_name

_BY_QUEUE = {kind.queue: kind for kind in KINDS}


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)


class _Headers(_Part):
    task: str
    id: str


class _Properties(_Part):
    delivery_tag: str
    delivery_info: dict[str, Any]
    body_encoding: Literal["base64"]


class _Envelope(_Part):
    body: str
    content_type: Literal["application/json"] = Field(alias="content-type")
    content_encoding: Literal["utf-8"] = Field(alias="content-encoding")
    headers: _Headers
    properties: _Properties


def is_wake_up(message: object, queue: str) -> bool:
    """Whether a message names a job of the kind whose queue this is, in the form in which the service sends it."""
    try:
        envelope = _Envelope.model_validate(message)
    except ValidationError:
        return False
    kind = _BY_QUEUE[queue]
    return envelope.headers.task == kind.task and job_name(envelope.body, kind) is not None
