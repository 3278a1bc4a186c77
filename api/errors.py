"""Maps errors to problem details (RFC 9457), by the kind that each domain error carries."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

from api.paths import Paths
from api.schemas.problems import ProblemDetails
from specs.problem import Problem, pointer_of, received_value

PROBLEM_JSON = "application/problem+json"
# Clients of these protocols read errors from application/json alone, even for unknown paths.
_PROTOCOL_PATH = re.compile("/(v[12](/.*)?)?", re.DOTALL)
_HEADERS = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "2"},
}
_MAX_SHOWN = 200

# What a document may be rejected with.
_JUDGED = (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)

STATUS_OF_KIND = {
    "malformed": HTTPStatus.BAD_REQUEST,  # as TensorFlow Serving and Triton answer
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "exhausted": HTTPStatus.TOO_MANY_REQUESTS,
    "forbidden": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "conflict": HTTPStatus.CONFLICT,
    "outdated": HTTPStatus.PRECONDITION_FAILED,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
}


class Problems:
    """Answers errors with problems. `domain_errors` are the base classes of errors that have a `kind`."""

    def __init__(self, domain_errors: Sequence[type[Exception]], paths: Paths) -> None:
        self._paths = paths
        self._handlers: dict[Any, ExceptionHandler] = {
            **dict.fromkeys(domain_errors, _answer_domain_error),
            RequestValidationError: _answer_invalid_request,
            HTTPException: self._answer_http_exception,
        }

    def install(self, app: FastAPI) -> None:
        for error_class, handler in self._handlers.items():
            app.add_exception_handler(error_class, handler)
        app.add_exception_handler(Exception, answer_unexpected)

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """`app`, which runs outside FastAPI's error handling, with the same answers. It raises errors before it begins
        to answer only: so nothing has to watch its messages."""

        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            except Exception as error:
                await self._answer(error, scope, receive, send)

        return wrapped

    async def _answer(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        """As FastAPI answers it. Raises `error` after the answer if it was unexpected."""

        async def fail(*_: object) -> None:
            raise error

        expected = ExceptionMiddleware(fail, self._handlers)
        await ServerErrorMiddleware(expected, handler=answer_unexpected)(scope, receive, send)

    def reject_path(self, scope: Scope) -> JSONResponse:
        """The answer to a request for a path that is unknown, or lacks the method."""
        request, path = Request(scope), scope["path"]
        allowed = self._paths.allowed(path)
        if not allowed or scope["method"] in allowed:  # a file may be absent
            return problem_response(request, HTTPStatus.NOT_FOUND, self._paths.explain_absence(path))
        methods = ", ".join(allowed)
        detail = f"Method Not Allowed: {path[:_MAX_SHOWN]} takes {methods}, received {scope['method'][:_MAX_SHOWN]}"
        answer = problem_response(request, HTTPStatus.METHOD_NOT_ALLOWED, detail)
        answer.headers["Allow"] = methods
        return answer

    async def _answer_http_exception(self, request: Request, error: Any) -> Response:
        if error.status_code == HTTPStatus.NO_CONTENT:
            return Response(status_code=error.status_code, headers=error.headers)
        status, detail = HTTPStatus(error.status_code), str(error.detail)
        if detail == status.phrase and status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
            return self.reject_path(request.scope)
        answer = problem_response(request, status, detail)
        answer.headers.update(error.headers or {})
        return answer


def problem_response(
    request: Request,
    status: HTTPStatus,
    detail: str,
    errors: Sequence[Problem] = (),
    type_: str = "about:blank",
) -> JSONResponse:
    body = ProblemDetails(
        type=type_,
        title=status.phrase,
        status=status,
        detail=detail,
        instance=request.scope["path"],
        error=detail,
        errors=list(errors),
    )
    content = body.model_dump(exclude_defaults=status is not HTTPStatus.UNPROCESSABLE_ENTITY)
    media_type = "application/json" if _PROTOCOL_PATH.fullmatch(request.scope["path"]) else PROBLEM_JSON
    return JSONResponse({"type": body.type, **content}, status, _HEADERS.get(status), media_type)


async def _answer_domain_error(request: Request, error: Any) -> JSONResponse:
    problems: Sequence[Problem] = getattr(error, "problems", ())
    status = STATUS_OF_KIND[error.kind]
    answer = problem_response(request, status, str(error), problems, _urn_of(error))
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        answer.headers["Retry-After"] = str(error.retry_after)
    if status in _JUDGED and getattr(request.state, "judges", False):
        answer.status_code = HTTPStatus.OK
    return answer


def _urn_of(error: Exception) -> str:
    """NotJSONError gives urn:trainyard:problem:not_json_error."""
    words = re.findall("[A-Z]+(?![a-z])|[A-Z][a-z]+", type(error).__name__)
    return "urn:trainyard:problem:" + "_".join(words).lower()


async def _answer_invalid_request(request: Request, error: Any) -> JSONResponse:
    problems: list[Problem] = []
    for each in error.errors():
        problem = Problem(
            pointer=pointer_of(each["loc"]), detail=each["msg"], received=received_value(each.get("input"))
        )
        if problem not in problems:  # what several dependencies of a route read is found by each of them
            problems.append(problem)
    detail = "; ".join(str(each) for each in problems)
    return problem_response(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, problems)


async def answer_unexpected(request: Request, _: Exception) -> JSONResponse:
    return problem_response(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error; see the server log.")
