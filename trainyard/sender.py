"""Sends operations and reads their answers."""

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx2

from trainyard import transport
from trainyard.archives import length_of, open_archive
from trainyard.errors import NotFound
from trainyard.operations.operation import Operation, describe_method

P = ParamSpec("P")
T = TypeVar("T")
PIECE_BYTES = 1 << 20


class Sender:
    """A connection to one Trainyard. Raises TrainyardError: Unreachable if nothing answers, ApiError if the API
    rejects the request."""

    def __init__(self, base_url: str | None = None, key: str | None = None) -> None:
        self.url = transport.resolve_url(base_url)
        with transport.translate_errors(self.url):
            self._http = httpx2.Client(**transport.connection_options(self.url, key))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, operation: Operation[T]) -> T:
        """Send an operation and read its answer; again, a few times, if it is safe and the API says when."""
        with self._request(operation) as options:
            for tries in itertools.count(1):
                with transport.translate_errors(self.url):
                    response = self._http.request(**options)
                delay = transport.retry_delay(operation, response, tries)
                if delay is None:
                    break
                time.sleep(delay)
        transport.raise_for_problem(response)
        return operation.read(response)

    @contextlib.contextmanager
    def _stream(self, operation: Operation[T]) -> Iterator[T]:
        """An answer whose body has not been read. Raises Unreachable, also when the connection breaks later."""
        with (
            self._request(operation) as options,
            transport.translate_errors(self.url),
            self._http.stream(**options) as response,
        ):
            if not response.is_success:
                response.read()
            transport.raise_for_problem(response)
            yield operation.read(response)

    @contextlib.contextmanager
    def _request(self, operation: Operation[Any]) -> Iterator[dict[str, Any]]:
        """Keyword arguments for a request of httpx2, while its archive is open."""
        options = transport.request_options(self.url, operation)
        if operation.archive is None:
            yield options
            return
        if operation.unless is not None:
            with contextlib.suppress(NotFound):
                self.send(operation.unless)
        with open_archive(operation.archive) as file:
            pieces = iter(lambda: file.read(PIECE_BYTES), b"")
            yield {**options, "content": pieces, "headers": transport.archive_headers(length_of(file))}


def sends(define: Callable[P, Operation[T]]) -> Callable[Concatenate["Sender", P], T]:
    """The method that sends an operation."""

    def method(self: "Sender", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.send(define(*args, **kwargs))

    describe_method(method, define)
    return method
