"""A load generator: keep-alive connections that each send the next prebuilt request once the last one is answered.

Of a response it parses only status and length, so that it is never the bottleneck.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, cast

import uvloop

_END_OF_HEADERS = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Load(NamedTuple):
    """The measurement of `seconds`; latencies in milliseconds. `errors` are responses other than 200 and broken
    connections."""

    requests: int
    errors: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Sequence[bytes], first: int, deadline: float) -> None:
        self._requests, self._next, self._deadline = requests, first, deadline
        self.latencies: list[float] = []
        self.errors = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._requests[self._next % len(self._requests)])
        self._next += 1

    def data_received(self, data: bytes) -> None:
        self._received = self._received + data if self._received else data
        if (size := _size(self._received)) is None or len(self._received) < size:
            return
        now = time.perf_counter()
        if self._received.startswith(b"HTTP/1.1 200"):
            self.latencies.append(now - self._sent)
        else:
            self.errors += 1
        self._received = b""
        if now < self._deadline:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        if time.perf_counter() < self._deadline:
            self.errors += 1
        if not self.done.done():
            self.done.set_result(None)


def _size(received: bytes) -> int | None:
    """Bytes of the whole response that starts with `received`; None until its headers are complete."""
    end = received.find(_END_OF_HEADERS)
    if end < 0:
        return None
    headers = received[:end].lower()
    at = headers.find(_LENGTH)
    length = 0 if at < 0 else int(headers[at + len(_LENGTH) :].split(b"\r\n", 1)[0])
    return end + len(_END_OF_HEADERS) + length


def generate_load(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Send `requests` in turn over `connections` for `seconds`."""
    return uvloop.run(_generate_load(port, requests, connections, seconds))


async def _generate_load(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    deadline = started + seconds
    each = []
    for number in range(connections):
        first = number * len(requests) // connections
        make = partial(_Connection, requests, first, deadline)
        _, connection = await loop.create_connection(make, "127.0.0.1", port)
        each.append(connection)
    # A connection without any response counts as an error and does not delay the others.
    _, unanswered = await asyncio.wait([connection.done for connection in each], timeout=seconds + 30)
    latencies = sorted(latency * 1000 for connection in each for latency in connection.latencies)
    errors = sum(connection.errors for connection in each) + len(unanswered)
    cuts = statistics.quantiles(latencies, n=100, method="inclusive") if len(latencies) > 1 else [float("nan")] * 99
    return Load(len(latencies), errors, time.perf_counter() - started, cuts[49], cuts[98])


def multipart_request(path: str, filename: str, image: bytes) -> bytes:
    """As curl's `-F file=@...` sends it."""
    boundary = b"------------------------0123456789abcdef"
    disposition = f'Content-Disposition: form-data; name="file"; filename="{filename}"'.encode()
    body = b"--%b\r\n%b\r\nContent-Type: image/png\r\n\r\n%b\r\n--%b--\r\n" % (boundary, disposition, image, boundary)
    return request(path, "multipart/form-data; boundary=" + boundary.decode(), body)


def request(path: str, content_type: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\nAccept: */*\r\n\r\n" + body
