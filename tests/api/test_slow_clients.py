"""Clients that hold a connection without using it, and heads without an end: real sockets, a real loop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from api import http_protocol
from api.http_protocol import HttpProtocol

GET = b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
PIECES, PIECE = 512, bytes(65_536)
LARGE = PIECES * len(PIECE)
Talk = Callable[[int, "Application"], Awaitable[None]]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "LOOK_SECONDS", 0.05)


class Application:
    """Reads bodies; `/hold` is answered when `released` is set, `/large` has 32 MB."""

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.disconnected = asyncio.Event()
        self.has_ended = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive()).get("more_body"):
            pass
        if message["type"] == "http.disconnect":
            self.disconnected.set()
            return
        if scope["path"] == "/hold":
            await self.released.wait()
        pieces = PIECES if scope["path"] == "/large" else 1
        length = (b"content-length", b"%d" % (pieces * len(PIECE)))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        for number in range(pieces):
            await send({"type": "http.response.body", "body": PIECE, "more_body": number < pieces - 1})
        self.has_ended.set()


def serve(talk: Talk) -> None:
    async def run() -> None:
        application = Application()
        config = Config(application, proxy_headers=False, log_config=None)
        config.load()
        state = ServerState()
        server = await asyncio.get_running_loop().create_server(lambda: HttpProtocol(config, state, {}), "127.0.0.1", 0)
        async with server, asyncio.timeout(60):
            await talk(server.sockets[0].getsockname()[1], application)

    asyncio.run(run())


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A client with little memory for what it does not read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
    yield reader, writer
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def answer_to(port: int, sent: bytes) -> bytes:
    """All that comes until the server closes the connection."""
    async with connected(port) as (reader, writer):
        writer.write(sent)
        return await reader.read()


@pytest.mark.parametrize("sent", [GET[:20], GET % b"hold" + GET[:20], POST, POST + b"half"], ids=range(4))
def test_request_cut_short_is_answered_408(sent: bytes) -> None:
    async def talk(port: int, application: Application) -> None:
        application.released.set()
        answer = await answer_to(port, sent)
        assert answer.endswith(b'send it again, without pauses"}')
        assert b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/problem+json\r\n" in answer
        assert application.disconnected.is_set() == sent.startswith(b"POST")

    serve(talk)


def test_idle_connections_alone_are_closed() -> None:
    async def talk(port: int, application: Application) -> None:
        held = asyncio.create_task(
            answer_to(port, (GET % b"hold").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        )
        assert await asyncio.gather(*(answer_to(port, b"") for _ in range(100))) == [b""] * 100
        application.released.set()
        assert (await held).startswith(b"HTTP/1.1 200 ")

    serve(talk)


def test_dripped_head_is_given_up() -> None:
    async def talk(port: int, _: Application) -> None:
        async with connected(port) as (reader, writer):
            answer = asyncio.create_task(reader.read())
            writer.write(b"GET /")
            while not answer.done():
                writer.write(b"a")
                await asyncio.wait([answer], timeout=0.01)
            assert answer.result().startswith(b"HTTP/1.1 408 ")

    serve(talk)


def test_client_that_reads_nothing_is_cut_off() -> None:
    async def talk(port: int, application: Application) -> None:
        async with connected(port) as (reader, writer):
            writer.write(GET % b"large")
            await application.has_ended.wait()  # each write returns at once when the connection is gone
            with suppress(ConnectionResetError):
                assert len(await reader.read()) < LARGE

    serve(talk)


def test_reader_that_goes_on_gets_all() -> None:
    async def talk(port: int, _: Application) -> None:
        async with connected(port) as (reader, writer):
            writer.write(GET % b"large")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            assert len(await reader.readexactly(LARGE)) == LARGE

    serve(talk)


@pytest.mark.parametrize(
    ("begin", "status"),
    [(b"GET /", b"414"), (b"GET / HTTP/1.1\r\nX: ", b"431"), (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"431")],
)
def test_endless_head_is_rejected(begin: bytes, status: bytes) -> None:
    async def talk(port: int, _: Application) -> None:
        async with connected(port) as (reader, writer):
            answer = asyncio.create_task(reader.read(100))
            writer.write(begin)
            for _piece in range(100):
                writer.write(b"a" * 8192)
                await asyncio.wait([answer], timeout=0.001)
            assert (await answer).startswith(b"HTTP/1.1 " + status)

    serve(talk)
