"""From an error to an answer, once: RFC 9457 problems, found along the error's ancestry."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send

from analysis.comparison.pairing import NotComparable
from analysis.plots.samples import NoImages
from api.wire.protocols.naming import UnknownModel
from api.wire.protocols.samples import BadTensor
from api.wire.samples import BadRequestBody
from imaging.errors import ImageTooLarge, UnreadableImage
from models_store.errors import (
    Busy,
    ClaimLost,
    Damaged,
    IdempotencyMismatch,
    InvalidCursor,
    InvalidState,
    NotFound,
    StoreError,
    Unavailable,
)
from serving.admission import Overloaded
from serving.registry import NoModel, UnknownDataset
from specs.errors import SpecsError
from specs.problem import Problem, pointer_of, received_value

PROBLEM_JSON = "application/problem+json"
# Their clients read errors from application/json alone, also of paths that there are not.
_PROTOCOLS = ("/v1/", "/v2/")
_RETRY_SECONDS = "2"

STATUS_OF: dict[type[Exception], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    NoImages: HTTPStatus.NOT_FOUND,
    UnknownModel: HTTPStatus.NOT_FOUND,
    InvalidState: HTTPStatus.CONFLICT,
    NotComparable: HTTPStatus.CONFLICT,
    ClaimLost: HTTPStatus.CONFLICT,
    Damaged: HTTPStatus.CONFLICT,
    IdempotencyMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidCursor: HTTPStatus.UNPROCESSABLE_ENTITY,
    Busy: HTTPStatus.SERVICE_UNAVAILABLE,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    NoModel: HTTPStatus.SERVICE_UNAVAILABLE,
    Overloaded: HTTPStatus.SERVICE_UNAVAILABLE,
    UnknownDataset: HTTPStatus.UNPROCESSABLE_ENTITY,
    SpecsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadRequestBody: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadTensor: HTTPStatus.BAD_REQUEST,  # what TensorFlow Serving and Triton say
    UnreadableImage: HTTPStatus.UNPROCESSABLE_ENTITY,
    ImageTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}


class ProblemDetails(BaseModel):
    """The body of every answer that is not a success (RFC 9457). `error` repeats the sentence for clients that read
    only that."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:trainyard:problem:spec_error",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "/training/epoch: unknown field `epoch`; did you mean `epochs`?",
                "instance": "/experiments",
                "error": "/training/epoch: unknown field `epoch`; did you mean `epochs`?",
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
    errors: list[Problem] = Field(default_factory=list, description="for 422: each field that is wrong")


_PROBLEM_CONTENT = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"content": _PROBLEM_CONTENT, "description": "What was wrong with the request, and what to do."},
    "503": {"content": _PROBLEM_CONTENT, "description": "Not now: try again after `Retry-After` seconds."},
}


def problem(
    request: Request,
    status: HTTPStatus,
    detail: str,
    errors: Sequence[Problem] = (),
    kind: str = "about:blank",
) -> JSONResponse:
    body = ProblemDetails(
        type=kind,
        title=status.phrase,
        status=status,
        detail=detail,
        instance=request.scope["path"],
        error=detail,
        errors=list(errors),
    )
    headers = {"Retry-After": _RETRY_SECONDS} if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    content = body.model_dump(exclude_defaults=status is not HTTPStatus.UNPROCESSABLE_ENTITY)
    media_type = "application/json" if request.scope["path"].startswith(_PROTOCOLS) else PROBLEM_JSON
    return JSONResponse({"type": body.type, **content}, status, headers, media_type)


def install(app: FastAPI) -> None:
    for error_class, handler in _handlers().items():
        app.add_exception_handler(error_class, handler)
    app.add_exception_handler(Exception, _answer_unexpected)


def answered(app: ASGIApp) -> ASGIApp:
    """`app`, which runs outside FastAPI's own handling of errors, with the same answers to them."""
    return ExceptionMiddleware(app, _handlers())


def _handlers() -> dict[Any, ExceptionHandler]:
    return {
        **dict.fromkeys(STATUS_OF, _answer_domain_error),
        RequestValidationError: _answer_invalid_request,
        HTTPException: _answer_http_exception,
    }


async def _answer_domain_error(request: Request, error: Exception) -> JSONResponse:
    status = next(STATUS_OF[each] for each in type(error).__mro__ if each in STATUS_OF)
    problems = error.problems if isinstance(error, SpecsError) else ()
    return problem(request, status, str(error), problems, _kind_of(error))


def _kind_of(error: Exception) -> str:
    """NotJSONError gives urn:trainyard:problem:not_json_error."""
    words = re.findall("[A-Z]+(?![a-z])|[A-Z][a-z]+", type(error).__name__)
    return "urn:trainyard:problem:" + "_".join(words).lower()


async def _answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    problems = [
        Problem(pointer=pointer_of(each["loc"]), detail=each["msg"], received=received_value(each.get("input")))
        for each in error.errors()
    ]
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(str(each) for each in problems), problems)


async def _answer_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    detail = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"there is nothing at {request.scope['path'][:200]}; /docs lists what there is"
    answer = problem(request, HTTPStatus(error.status_code), detail)
    answer.headers.update(error.headers or {})
    return answer


async def _answer_unexpected(request: Request, _: Exception) -> JSONResponse:
    """The traceback is in the log, where it belongs."""
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "something broke in the service; its log says what")


class ProblemsForRejections:
    """ASGI middleware: Starlette rejects a body that says it is too large in plain text; this makes it a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rejected = False

        async def send_problem_instead(message: Message) -> None:
            nonlocal rejected
            if message["type"] == "http.response.start":
                too_large = message["status"] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                rejected = too_large and _is_plain_text(message)
                if rejected:
                    detail = "the body is larger than this route reads; GET /docs says what it takes"
                    answer = problem(Request(scope), HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
                    await answer(scope, receive, send)
            if not rejected:
                await send(message)

        await self._app(scope, receive, send_problem_instead)


def _is_plain_text(message: Message) -> bool:
    return Headers(raw=message.get("headers", [])).get("content-type", "").startswith("text/plain")
