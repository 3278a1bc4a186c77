"""ASGI middleware: zstd and gzip for texts that are read (RFC 9110, 8.4; RFC 8878)."""

import gzip
import sys
from collections.abc import Callable
from http import HTTPStatus
from threading import Lock

from anyio import to_thread
from cachetools import LRUCache
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.wire.negotiation import choose_encoding

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Texts as a whole: streams of lines or events are left alone, images are compressed already.
_MEDIA_TYPES = frozenset(
    {
        "application/json",
        "application/problem+json",
        "application/yaml",
        "image/svg+xml",
        "text/csv",
        "text/html",
        "text/markdown",
        "text/plain",
    }
)
_MIN_BYTES = 1_000
# Takes the event loop a millisecond; more is compressed in a thread.
_QUICK_BYTES = 64_000
# The first is preferred: for 4.6 MB of summaries zstd takes 8 ms and leaves 720 kB, gzip 39 ms and 745 kB.
_ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstd.compress(body, 3),
    "gzip": lambda body: gzip.compress(body, 5, mtime=0),
}
_CACHED_BYTES = 16_000_000


class Compressed:
    """Compresses answers to GET of which the client accepts it. Predictions, which are posted, stay as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cache = _Cache()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            send = _Answer(send, self._cache, Headers(scope=scope)).send
        await self._app(scope, receive, send)


class _Cache:
    """The last compressed bodies by encoding and ETag. Safe for any number of threads."""

    def __init__(self) -> None:
        self._bodies: LRUCache[tuple[str, str], bytes] = LRUCache(_CACHED_BYTES, getsizeof=len)
        self._lock = Lock()

    def get(self, encoding: str, etag: str) -> bytes | None:
        with self._lock:
            return self._bodies.get((encoding, etag))

    def put(self, encoding: str, etag: str, body: bytes) -> None:
        with self._lock:
            if len(body) <= self._bodies.maxsize:
                self._bodies[encoding, etag] = body


class _Answer:
    """One answer: its start is held back until its body shows whether it is whole and worth it."""

    def __init__(self, send: Send, cache: _Cache, request: Headers) -> None:
        self._send = send
        self._cache = cache
        self._encoding = choose_encoding(request.get("accept-encoding", ""), tuple(_ENCODINGS))
        self._known = request.get("if-none-match", "")
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_text(message):
            self._start = message
            return
        if message["type"] == "http.response.start" and message["status"] == HTTPStatus.NOT_MODIFIED:
            self._confirm(message)
        start, self._start = self._start, None
        if start is not None:
            if not message.get("more_body", False) and len(message.get("body", b"")) >= _MIN_BYTES:
                message = await self._compress(start, message)
            await self._send(start)
        await self._send(message)

    def _confirm(self, start: Message) -> None:
        """The tag of what the client has, which may be the compressed text, and that texts vary."""
        headers = MutableHeaders(scope=start)
        _vary(headers)
        if (etag := headers.get("etag")) is not None and self._encoding and _weak(etag) in self._known:
            headers["ETag"] = _weak(etag)

    async def _compress(self, start: Message, message: Message) -> Message:
        headers = MutableHeaders(scope=start)
        _vary(headers)
        if self._encoding is None:
            return message
        etag, body = headers.get("etag"), message["body"]
        compressed = None if etag is None else self._cache.get(self._encoding, etag)
        if compressed is None:
            compressed = await _encode(body, self._encoding)
        if etag is not None:
            self._cache.put(self._encoding, etag, compressed)
            headers["ETag"] = _weak(etag)
        headers["Content-Encoding"] = self._encoding
        headers["Content-Length"] = str(len(compressed))
        return {**message, "body": compressed}


def _vary(headers: MutableHeaders) -> None:
    if "accept-encoding" not in headers.get("vary", "").lower():
        headers.add_vary_header("Accept-Encoding")


def _weak(etag: str) -> str:
    """Of other bytes with the same meaning."""
    return etag if etag.startswith("W/") else f"W/{etag}"


def _is_text(start: Message) -> bool:
    headers = Headers(scope=start)
    media_type = headers.get("content-type", "").partition(";")[0]
    return (
        media_type in _MEDIA_TYPES
        and "content-encoding" not in headers
        and start["status"] != HTTPStatus.PARTIAL_CONTENT
    )


async def _encode(body: bytes, encoding: str) -> bytes:
    compress = _ENCODINGS[encoding]
    if len(body) <= _QUICK_BYTES:
        return compress(body)
    return await to_thread.run_sync(compress, body)
