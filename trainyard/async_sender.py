"""Sends operations and reads their answers, for asyncio."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, BinaryIO, Concatenate, ParamSpec, Self, TypeVar

import httpx2

from trainyard import transport
from trainyard.archives import length_of, open_archive
from trainyard.errors import NotFound
from trainyard.operations.operation import Operation, describe_method
from trainyard.sender import PIECE_BYTES

P = ParamSpec("P")
T = TypeVar("T")


class AsyncSender:
    """As `Sender`, for asyncio."""

    def __init__(self, base_url: str | None = None, key: str | None = None) -> None:
        self.url = transport.resolve_url(base_url)
        with transport.translate_errors(self.url):
            self._http = httpx2.AsyncClient(**transport.connection_options(self.url, key))

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def send(self, operation: Operation[T]) -> T:
        """As `Sender.send`."""
        async with self._request(operation) as options:
            for tries in itertools.count(1):
                with transport.translate_errors(self.url):
                    response = await self._http.request(**options)
                delay = transport.retry_delay(operation, response, tries)
                if delay is None:
                    break
                await asyncio.sleep(delay)
        transport.raise_for_problem(response)
        return operation.read(response)

    @contextlib.asynccontextmanager
    async def _stream(self, operation: Operation[T]) -> AsyncIterator[T]:
        """An answer whose body has not been read. Raises Unreachable, also when the connection breaks later."""
        async with self._request(operation) as options:
            with transport.translate_errors(self.url):
                async with self._http.stream(**options) as response:
                    if not response.is_success:
                        await response.aread()
                    transport.raise_for_problem(response)
                    yield operation.read(response)

    @contextlib.asynccontextmanager
    async def _request(self, operation: Operation[Any]) -> AsyncIterator[dict[str, Any]]:
        """Keyword arguments for a request of httpx2, while its archive is open."""
        options = transport.request_options(self.url, operation)
        if operation.archive is None:
            yield options
            return
        if operation.unless is not None:
            with contextlib.suppress(NotFound):
                await self.send(operation.unless)
        with contextlib.ExitStack() as stack:
            file = await asyncio.to_thread(stack.enter_context, open_archive(operation.archive))
            yield {**options, "content": _pieces(file), "headers": transport.archive_headers(length_of(file))}


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece


def sends(define: Callable[P, Operation[T]]) -> Callable[Concatenate["AsyncSender", P], Coroutine[Any, Any, T]]:
    """The method that sends an operation. It is defined in a thread, because it may read files."""

    async def method(self: "AsyncSender", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.send(await asyncio.to_thread(define, *args, **kwargs))

    describe_method(method, define)
    return method
