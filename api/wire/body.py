"""Request bodies: received whole or in pieces, up to a limit."""

from collections.abc import AsyncIterator, Callable
from typing import Self

from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope

from api.wire.bad_request import BadRequest
from api.wire.content_encoding import content_encoding, decompress
from serving.admission import Admission

# Handed to a thread at once: neither the disk nor a parser delays other requests.
_CHUNK_BYTES = 1_000_000
_CONTENT_LENGTH = b"content-length"
_MAX_DIGITS = 18


class BadRequestBody(BadRequest):
    """The body has another form than the route reads."""


class BodyPieces:
    """Iterates over a body as it arrives. Raises HTTPException 413 above `max_bytes`, at once if the stated length is
    above it, and BadRequestBody if the client disconnects."""

    def __init__(self, scope: Scope, receive: Receive, max_bytes: int, extra_bytes: int = 0) -> None:
        """`extra_bytes` are allowed for what surrounds the content in a form."""
        self._receive = receive
        self._max_bytes = max_bytes
        self._left = max_bytes + extra_bytes
        self._is_complete = False
        for name, value in scope["headers"]:
            if name == _CONTENT_LENGTH and value.isdigit() and (len(value) > _MAX_DIGITS or int(value) > self._left):
                raise self._too_large()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._is_complete:
            raise StopAsyncIteration
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise BadRequestBody("the request broke off: the client disconnected")
        piece: bytes = message.get("body", b"")
        self._is_complete = not message.get("more_body", False)
        self._left -= len(piece)
        if self._left < 0:
            raise self._too_large()
        return piece

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"the body is larger than the limit of {self._max_bytes:,} bytes")


def body_pieces(scope: Scope, receive: Receive, max_bytes: int, extra_bytes: int = 0) -> AsyncIterator[bytes]:
    """The body as it arrives, without its Content-Encoding. Raises the errors of BodyPieces and `decompress`."""
    pieces = BodyPieces(scope, receive, max_bytes, extra_bytes)
    encoding = content_encoding(scope)
    return decompress(pieces, encoding, max_bytes + extra_bytes) if encoding else pieces


async def receive_body(scope: Scope, receive: Receive, max_bytes: int, admission: Admission | None = None) -> bytes:
    """The whole body. Raises the errors of `body_pieces`, and with `admission` Overloaded."""
    pieces = []
    async for piece in body_pieces(scope, receive, max_bytes):
        if admission is not None:
            admission.add_bytes(len(piece))
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def write_body(
    request: Request,
    write: Callable[[bytes], None],
    max_bytes: int,
    extra_bytes: int = 0,
    limiter: CapacityLimiter | None = None,
) -> None:
    """Have threads of `limiter` write the body as it arrives. Raises the errors of `body_pieces` and `write`."""
    pieces, waiting = list[bytes](), 0
    async for piece in body_pieces(request.scope, request.receive, max_bytes, extra_bytes):
        pieces.append(piece)
        waiting += len(piece)
        if waiting >= _CHUNK_BYTES:
            await to_thread.run_sync(write, b"".join(pieces), limiter=limiter)
            pieces, waiting = [], 0
    await to_thread.run_sync(write, b"".join(pieces), limiter=limiter)
