"""One request and how to read its answer, without any I/O: what Client and AsyncClient share."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import ValidationError

from trainyard.answers.base import Answer
from trainyard.archives import Archive
from trainyard.errors import UnexpectedAnswer, UsageError

T = TypeVar("T")
A = TypeVar("A", bound=Answer)


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """`params` that are None are left out. `archive` is streamed as the body; `silence_seconds` is how long the
    server may be silent if that is longer than usual. `unless` is sent before the archive is packed: it finds what the
    operation would create, for which its `read` raises Conflict."""

    method: str
    path: str
    read: Callable[[httpx2.Response], T]
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    json: Any = None
    files: Sequence[tuple[str, tuple[str, bytes]]] = ()
    archive: Archive | None = None
    silence_seconds: float | None = None
    unless: "Operation[Any] | None" = None

    @property
    def is_safe(self) -> bool:
        """Whether it changes nothing, so that it can be sent again."""
        return self.method == "GET"

    def options(self) -> dict[str, Any]:
        """Keyword arguments for `httpx2.Client.request`, without the archive and the timeout."""
        options = {
            "params": {name: value for name, value in self.params.items() if value is not None},
            "headers": dict(self.headers),
            "content": self.content,
            "json": self.json,
            "files": list(self.files) or None,
        }
        return {name: value for name, value in options.items() if value is not None}


@dataclass(frozen=True, slots=True)
class read_as(Generic[A]):  # noqa: N801 - used as a function
    """Reads an answer as `model`. Raises UnexpectedAnswer if it does not fit."""

    model: type[A]

    def __call__(self, response: httpx2.Response) -> A:
        try:
            return self.model.model_validate_json(response.content)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "the answer"
            raise UnexpectedAnswer(
                f"{response.request.method} {response.request.url} has an unexpected answer: {place}: {first['msg']}; "
                "compare the versions of trainyard here and there"
            ) from error


def read_nothing(_: httpx2.Response) -> None:
    """For answers without a body."""


def read_text(response: httpx2.Response) -> str:
    return response.text


def leave_unread(response: httpx2.Response) -> httpx2.Response:
    """For answers that are read piece by piece."""
    return response


def segment(name: str) -> str:
    """A name or an id as one segment of a path. Raises UsageError for one that would name another path."""
    if name in ("", ".", ".."):
        raise UsageError(f"expected a name or an id, received {name!r}")
    return quote(name, safe="")


def describe_method(method: Callable[..., Any], define: Callable[..., Operation[Any]]) -> None:
    """Give a client's method the name, the documentation and the signature of the operation it sends."""
    method.__name__ = method.__qualname__ = define.__name__
    method.__doc__ = define.__doc__
    signature = inspect.signature(define)
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD), *signature.parameters.values()]
    [answer] = signature.return_annotation.__args__
    method.__signature__ = signature.replace(parameters=parameters, return_annotation=answer)  # type: ignore[attr-defined]
