"""Requests as clients put them on the wire, in every segmentation, through the server's protocol to an application."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from api.app import warn_of_server
from api.http_protocol import HttpProtocol

H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
# Recorded from java.net.http.HttpClient of JDK 17 and curl 7.88; each body is `hello`. The JDK sends it by itself.
JDK = (
    b"Host: 127.0.0.1:8000\r\nHTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\n%bUpgrade: h2c\r\n"
    b"User-Agent: Java-http-client/17.0.15\r\n"
)
JDK_OFFER = b"POST /predict HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\n"
JDK_POST = JDK_OFFER + b"Content-Length: 5\r\n" + JDK % b"" + b"Content-Type: image/png\r\n\r\nhello"
JDK_CHUNKED = JDK_OFFER + JDK % b"Transfer-encoding: chunked\r\n" + b"\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
CURL_POST = (
    b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
    b"Content-Length: 5\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nhello"
)
PUT = (
    b"PUT /models/serving/mnist HTTP/1.1\r\nHost: x\r\nupgrade: TLS/1.2\r\nconnection: upgrade\r\n"
    b"Content-Length: 5\r\n\r\nhello"
)
PLAIN = b"POST /after HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize("modules", [{"uvicorn.server"}, {"uvicorn.server", "api.http_protocol"}, set()])
def test_server_without_the_protocol_is_warned_of(modules: set[str], caplog: pytest.LogCaptureFixture) -> None:
    warn_of_server(modules)

    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == (modules == {"uvicorn.server"})
    assert all("start Uvicorn with `--http api.http_protocol:HttpProtocol`" in warning for warning in warnings)


class Seen(NamedTuple):
    method: str
    path: str
    body: bytes


class Wire(asyncio.Transport):
    """Keeps what the server writes."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def write_eof(self) -> None:
        self.closed = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Exchange(NamedTuple):
    seen: list[Seen]
    written: bytes
    closed: bool

    @property
    def statuses(self) -> list[int]:
        return [int(each[:3]) for each in self.written.split(b"HTTP/1.1 ")[1:]]


def exchange(segments: Iterable[bytes]) -> Exchange:
    """What an application gets that reads each request whole and answers it with an empty 200."""
    seen: list[Seen] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        seen.append(Seen(scope["method"], scope["path"], body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def talk() -> Exchange:
        config = Config(application, proxy_headers=False, log_config=None)
        config.load()
        protocol, wire = HttpProtocol(config, ServerState(), {}), Wire()
        protocol.connection_made(wire)
        for segment in segments:
            if not wire.closed:
                protocol.data_received(segment)
            for _ in range(50):  # more turns of the loop than any of these exchanges takes
                await asyncio.sleep(0)
        exchanged = Exchange(seen, wire.written, wire.closed)
        protocol.connection_lost(None)
        return exchanged

    return asyncio.run(talk())


def segmentations(data: bytes) -> Iterator[list[bytes]]:
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    yield from ([data[:at], data[at:]] for at in range(1, len(data), 3))


@pytest.mark.parametrize(
    "request_", [JDK_POST, JDK_CHUNKED, CURL_POST, PUT], ids=["jdk", "jdk chunked", "curl --http2", "put"]
)
def test_offered_upgrade_is_ignored_however_cut(request_: bytes) -> None:
    for segments in segmentations(request_ + PLAIN):
        answered = exchange(segments)
        assert [each.body for each in answered.seen] == [b"hello", b"hello"]
        assert answered.seen[1] == Seen("POST", "/after", b"hello")
        assert answered.statuses == [200, 200]
        assert not answered.closed


def test_offers_and_requests_mix_on_one_connection() -> None:
    answered = exchange([PLAIN + JDK_POST + PLAIN + CURL_POST + JDK_CHUNKED + PLAIN])

    assert [each.path for each in answered.seen] == [
        *("/after", "/predict", "/after"),
        *("/predict", "/predict", "/after"),
    ]
    assert {each.body for each in answered.seen} == {b"hello"}


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
FRAMINGS = {
    "length": b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "chunk": b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n0\r\n\r\n",
    "length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "negative length": b"Content-Length: -1\r\n\r\n" + SMUGGLED,
    "blank before the colon": b"Content-Length : 5\r\n\r\n" + SMUGGLED,
    "folded": b"X: a\r\n Content-Length: 5\r\n\r\n" + SMUGGLED,
    "encoding not last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "bare line feeds": b"Content-Length: 4\n\nabcd" + SMUGGLED,
    "no body": b"\r\n" + SMUGGLED,
}


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("method", [b"POST", b"GET", b"DELETE"])
def test_offer_changes_no_framing(framing: str, method: bytes) -> None:
    """Whatever a request means without the offer, it means with it."""
    start, rest = b"%b /x HTTP/1.1\r\nHost: x\r\n" % method, FRAMINGS[framing]
    for split in (0, len(start) + 3, len(start) + len(H2C) + 30):
        plain, offered = start + rest, start + H2C + rest
        without = exchange([plain[:split], plain[split:]] if split else [plain])
        with_offer = exchange([offered[:split], offered[split:]] if split else [offered])
        assert (with_offer.seen, with_offer.statuses) == (without.seen, without.statuses)
        if framing in ("length", "chunk"):
            assert without.seen == [Seen(method.decode(), "/x", SMUGGLED)]


def test_websocket_is_a_plain_request() -> None:
    offer = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n\r\n"

    answered = exchange([b"GET /events HTTP/1.1\r\nHost: x\r\n" + offer + PLAIN])

    assert [each.path for each in answered.seen] == ["/events", "/after"]


@pytest.mark.parametrize("target", [b"x:443", b"/"])
def test_connect_is_rejected_and_closed(target: bytes) -> None:
    answered = exchange([b"CONNECT %b HTTP/1.1\r\nHost: x\r\n\r\n" % target + SMUGGLED])

    assert answered.seen == []
    assert answered.statuses == [400]
    assert answered.closed


def test_client_that_awaits_100_continue_gets_it() -> None:
    head, body = CURL_POST[:-5].replace(b"Accept: */*", b"Expect: 100-continue"), CURL_POST[-5:]

    answered = exchange([head, body])

    assert answered.statuses == [100, 200]
    assert answered.seen == [Seen("POST", "/predict", b"hello")]
