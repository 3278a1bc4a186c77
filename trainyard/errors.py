"""What the client raises."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx2


class ClientError(Exception):
    """`str()` is for people."""


class Unreachable(ClientError):
    """Nothing answers, or the connection was lost and did not come back."""

    def __init__(self, url: str, reason: object) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"no Trainyard at {self.url} ({self.reason}): start one with `trainyard up`, or see --url"


class BrokenOff(ClientError):
    """An answer of many lines ended before all was told."""


class ApiError(ClientError):
    """The API rejected: RFC 9457's members, and for 422 `errors`, each with `pointer`, `detail`, `received`."""

    def __init__(self, status: int, title: str, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(status, title, detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)

    @classmethod
    def of(cls, answer: httpx2.Response) -> "ApiError":
        """From an answer whose body has been read; one that is no problem+json comes from something in between."""
        try:
            problem = answer.json()
        except ValueError:
            problem = None
        if not isinstance(problem, dict):
            detail = f"{answer.request.url} answered {answer.status_code} without a problem document"
            return cls(answer.status_code, answer.reason_phrase, f"{detail}; is it a Trainyard?")
        detail = str(problem.get("detail") or problem.get("error") or answer.reason_phrase)
        title = str(problem.get("title") or answer.reason_phrase)
        return cls(answer.status_code, title, detail, problem.get("errors") or ())

    def __str__(self) -> str:
        if not self.errors:
            return self.detail
        return "\n".join(_line(error) for error in self.errors)


def _line(error: Mapping[str, Any]) -> str:
    pointer = error.get("pointer")
    return f"{pointer}: {error.get('detail')}" if pointer else str(error.get("detail"))
