"""All errors of `trainyard`. `str()` of each is a sentence for people.

TrainyardError
├── Unreachable           nothing answers, or the connection was lost
├── IncompleteAnswer      a streamed answer ended early
├── UnexpectedAnswer      the answer is not one of this API version
├── ApiError              the API rejected the request; has the members of its problem document (RFC 9457)
│   ├── Invalid           400, 413, 415, 422: the request itself is wrong; `errors` point at its fields
│   ├── NotAuthenticated  401: no key, or one that is not valid
│   ├── Forbidden         403: the key does not allow it
│   ├── NotFound          404
│   ├── Conflict          409: not in this state; 412: changed by somebody else
│   ├── Exhausted         429: too many requests, or more than may be used, for now
│   └── Unavailable       502, 503, 504: try again later
├── TrackingError         MLflow, to which experiments are exported, does not answer or rejects them
├── UploadError           an upload with an invalid name, or of files that cannot be read
├── UsageError            a command line that cannot be carried out
└── ServiceError          `trainyard up` or `trainyard demo` ended early
    ├── PreflightError    a check failed before anything was started
    ├── StartError        the API did not start
    └── DemoError
"""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx2


class TrainyardError(Exception):
    """The base of all errors of this package."""


class Unreachable(TrainyardError):
    """Nothing answers at `url`, or the connection was lost and did not come back; `reason` is the cause."""

    def __init__(self, url: str, reason: object) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"no Trainyard at {self.url} ({self.reason}): start one with `trainyard up`, or see --url"


class IncompleteAnswer(TrainyardError):
    """A streamed answer ended before its last line."""


class TrackingError(TrainyardError):
    """MLflow does not answer, or, if it `is_rejected`, does not take what is exported; `code` is MLflow's for why."""

    def __init__(self, detail: str, code: str = "", is_rejected: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.is_rejected = is_rejected


class UploadError(TrainyardError):
    """What is to be uploaded has an invalid name, or cannot be read; nothing was sent."""


class UnexpectedAnswer(TrainyardError):
    """The answer does not have the members that this version of the package expects."""


class ApiError(TrainyardError):
    """The API rejected the request. Members as in RFC 9457; `errors` has `pointer`, `detail` and `received` each.

    `ApiError.of(response)` makes the subclass for the response's status.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        errors: Sequence[Mapping[str, Any]] = (),
        type: str = "about:blank",  # noqa: A002 - RFC 9457's name
        instance: str = "",
    ) -> None:
        super().__init__(status, title, detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.type = type
        self.instance = instance

    @staticmethod
    def of(response: httpx2.Response) -> "ApiError":
        """From a response whose body has been read. Without a problem document it came from something in between."""
        error = _BY_STATUS.get(response.status_code, ApiError)
        try:
            problem = response.json()
        except ValueError:
            problem = None
        if not isinstance(problem, dict):
            detail = f"{response.request.url} answered {response.status_code} without a problem document"
            return error(response.status_code, response.reason_phrase, f"{detail}; is it a Trainyard?")
        return error(
            response.status_code,
            str(problem.get("title") or response.reason_phrase),
            str(problem.get("detail") or problem.get("error") or response.reason_phrase),
            problem.get("errors") or (),
            str(problem.get("type") or "about:blank"),
            str(problem.get("instance") or ""),
        )

    def __str__(self) -> str:
        if not self.errors:
            return self.detail
        return "\n".join(_line(error) for error in self.errors)


class Invalid(ApiError):
    """The request itself is wrong: not readable, too large, of an unsupported type, or with invalid fields."""


class NotAuthenticated(ApiError):
    """The service asks for a key, and received none, or one that is not valid."""


class Forbidden(ApiError):
    """The key does not allow this."""


class NotFound(ApiError):
    """No such experiment, dataset, model or prediction."""


class Conflict(ApiError):
    """Not possible in the current state, or somebody else has changed it."""


class Exhausted(ApiError):
    """Too many requests, or more used than is allowed; the text says when to try again."""


class Unavailable(ApiError):
    """Not possible at the moment: no model yet, Redis is away, or too much waits already."""


class UsageError(TrainyardError):
    """A command line that cannot be carried out."""


class ServiceError(TrainyardError):
    """`trainyard up` or `trainyard demo` ended early."""


class PreflightError(ServiceError):
    """A check failed before anything was started."""


class StartError(ServiceError):
    """The API did not start; everything has been stopped again."""


class DemoError(ServiceError):
    """The demo cannot continue."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: Invalid,
    401: NotAuthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: Exhausted,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def _line(error: Mapping[str, Any]) -> str:
    pointer = error.get("pointer")
    return f"{pointer}: {error.get('detail')}" if pointer else str(error.get("detail"))
