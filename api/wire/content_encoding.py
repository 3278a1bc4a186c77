"""`Content-Encoding` of request bodies (RFC 9110, 8.4)."""

import asyncio
import zlib
from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.types import Scope

from api.wire.bad_request import BadRequest

# gzip's own header, or zlib's, which HTTP calls deflate.
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_ACCEPTED = "gzip, deflate"
_EXPECTED = {"deflate": "zlib data (RFC 1950), not deflate data alone (RFC 1951)"}
_EXPECTED_GZIP = "gzip data (RFC 1952)"
# Takes the event loop a millisecond.
_PIECE_BYTES = 1 << 18
# A member costs as much as decompressing some KB, even if it is empty: more than a few must be worth it.
_MAX_SMALL_MEMBERS, _MEMBER_BYTES = 100, 2_000
_HEADER = b"content-encoding"


def _describe(encoding: str, error: zlib.error) -> str:
    expected = _EXPECTED.get(encoding, _EXPECTED_GZIP)
    return f"the body does not decompress as {encoding}: expected {expected}, received something else ({error})"


class BadEncoding(BadRequest):
    """The body is not encoded as its Content-Encoding says."""

    kind = "malformed"


def content_encoding(scope: Scope) -> str:
    """ "" for a body that is sent as it is."""
    sent = [value for name, value in scope["headers"] if name == _HEADER]
    if not sent:
        return ""
    encoding = b", ".join(sent).decode("latin-1").strip().lower()
    return "" if encoding == "identity" else encoding


async def decompress(pieces: AsyncIterator[bytes], encoding: str, max_bytes: int) -> AsyncIterator[bytes]:
    """Undo `encoding`, in pieces of bounded size, as they arrive. Raises HTTPException: 415 for an encoding other than
    gzip and deflate, 413 for more than `max_bytes`; and BadEncoding."""
    if (window := _WINDOWS.get(encoding)) is None:
        raise HTTPException(
            415,
            f"Content-Encoding {encoding[:50]!r} is not supported; send gzip, deflate or none",
            {"Accept-Encoding": _ACCEPTED},
        )
    decompressor, left, members, received = zlib.decompressobj(window), max_bytes, 0, 0
    async for piece in pieces:
        received += len(piece)
        while piece:
            if decompressor.eof or not members:  # gzip data may consist of several members (RFC 1952, 2.2)
                decompressor = zlib.decompressobj(window)
                members += 1
                before = received - len(piece)
                if members > max(_MAX_SMALL_MEMBERS, before // _MEMBER_BYTES):
                    raise BadEncoding(
                        f"the {encoding} data in the body has more than {members - 1} members in its first {before:,} "
                        "bytes; compress it as one"
                    )
            try:
                data = decompressor.decompress(piece, _PIECE_BYTES)
            except zlib.error as error:
                raise BadEncoding(_describe(encoding, error)) from error
            left -= len(data)
            if left < 0:
                raise HTTPException(413, f"the body decompresses to more than the limit of {max_bytes:,} bytes")
            piece = decompressor.unconsumed_tail or decompressor.unused_data  # noqa: PLW2901 - what is left of it
            if data:
                yield data
            await asyncio.sleep(0)
    if not decompressor.eof:
        raise BadEncoding(f"the {encoding} data in the body is cut short")
