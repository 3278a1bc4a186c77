"""Reading an event stream from the application while it is open, without a server in between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx2
from starlette.types import Message

from tests.support.api import ApiClient
from tests.support.waiting import PATIENCE_SECONDS

T = TypeVar("T")
Event = dict[str, Any]


class Stream:
    """An open stream; every event is checked against the OpenAPI document."""

    def __init__(self, client: ApiClient, target: str, headers: dict[str, str]) -> None:
        self._client = client
        self._request = httpx2.Request("GET", f"http://testserver{target}", headers=headers)
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._text = ""
        self.status = 0

    async def run(self) -> None:
        url, headers = self._request.url, self._request.headers
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": url.path,
            "raw_path": url.raw_path,
            "query_string": url.query,
            "headers": [(name.lower(), value) for name, value in headers.raw],
            "scheme": "http",
            "server": ("testserver", 80),
            "client": ("testclient", 1),
            "state": {},
        }
        await self._client.api(scope, self._never, self._messages.put)

    async def _never(self) -> Message:
        return await asyncio.Future[Message]()

    async def next(self) -> Event:
        """The next event, with its data as a value. Comments are left out."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while "\n\n" not in self._text:
                await self._receive()
        block, _, self._text = self._text.partition("\n\n")
        if block.startswith(":"):
            return await self.next()
        response = httpx2.Response(
            200, headers={"content-type": "text/event-stream"}, text=f"{block}\n\n", request=self._request
        )
        self._client.contract.check(response)
        event: Event = dict(line.split(": ", 1) for line in block.splitlines())
        return {**event, "data": httpx2.Response(200, text=event["data"]).json()}

    async def until(self, kind: str) -> list[Event]:
        """The events up to the first of this kind."""
        events = [await self.next()]
        while events[-1]["event"] != kind:
            events.append(await self.next())
        return events

    async def _receive(self) -> None:
        message = await self._messages.get()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            assert self.status == 200, message
        else:
            self._text += message.get("body", b"").decode()


@asynccontextmanager
async def open_stream(client: ApiClient, target: str, **headers: str) -> AsyncIterator[Stream]:
    """Headers are named as in Python: `last_event_id`."""
    stream = Stream(client, target, {name.replace("_", "-"): value for name, value in headers.items()})
    reading = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        reading.cancel()
        await asyncio.wait([reading])


def in_application(client: ApiClient, play: Callable[[], Awaitable[T]]) -> T:
    """Run `play` where the application runs: in the event loop of the client."""
    assert client.portal is not None
    return client.portal.call(play)
