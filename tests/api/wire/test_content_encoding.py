import asyncio
import gzip
import re
import zlib
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from starlette.exceptions import HTTPException

from api.wire.content_encoding import BadEncoding, content_encoding, decompress
from tests.support.api import ApiClient

TEXT = b"{model: {preset: digits-cnn}}"
PACKED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
]


def unpack(pieces: list[bytes], encoding: str, max_bytes: int = 10_000_000) -> bytes:
    async def arriving() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def main() -> bytes:
        return b"".join([piece async for piece in decompress(arriving(), encoding, max_bytes)])

    return asyncio.run(main())


@pytest.mark.parametrize(("encoding", "pack"), PACKED)
def test_body_is_unpacked_in_any_pieces(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    for text in (TEXT, bytes(3_000_000), b""):
        packed = pack(text)
        assert unpack([packed], encoding) == text
        assert unpack([b"", *(packed[at : at + 7] for at in range(0, len(packed), 7)), b""], encoding) == text


def test_members_of_gzip_are_joined() -> None:
    members = gzip.compress(b"one ") + gzip.compress(b"two ") + gzip.compress(bytes(600_000))

    assert unpack([members], "gzip") == b"one two " + bytes(600_000)


def test_many_small_members_are_rejected() -> None:
    small, whole = gzip.compress(b""), gzip.compress(np.random.default_rng(0).bytes(3_000))

    assert unpack([small * 100], "gzip") == b""
    assert len(unpack([whole * 200], "gzip")) == 600_000
    for pieces in ([small * 101], [small] * 101, [small * 10_000], [small * 100, *[whole] * 70]):
        with pytest.raises(BadEncoding, match=r"has more than 100 members in its first 2,000 bytes; compress it"):
            unpack(pieces, "gzip")


@pytest.mark.parametrize(("encoding", "pack"), PACKED)
def test_damaged_data_is_rejected(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(TEXT)

    for broken in (packed[:-1], packed + b"more", b"no", b"", packed[:10]):
        with pytest.raises(BadEncoding, match="body"):
            unpack([broken], encoding)


def test_bomb_ends_at_the_limit() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert unpack([gzip.compress(bytes(1_000))], "gzip", 1_000) == bytes(1_000)

    for limit in (999, 1_000_000):
        with pytest.raises(HTTPException, match=f"413: the body decompresses to more than the limit of {limit:,}"):
            unpack([bomb], "gzip", limit)


def test_encoding_is_read_from_all_headers() -> None:
    def encoding(*values: bytes) -> str:
        return content_encoding({"headers": [(b"content-encoding", value) for value in values]})

    assert encoding() == encoding(b"identity") == encoding(b"") == ""
    assert encoding(b" GZip ") == "gzip"
    assert encoding(b"gzip", b"br") == "gzip, br"


@pytest.mark.usefixtures("digits")
def test_every_route_unpacks_or_rejects(client: ApiClient) -> None:
    """What is broken, unknown or a bomb is rejected the same way everywhere."""
    routes = {
        "/predict": b"no image",
        "/predict?top=2": b"no image",
        "/experiments": TEXT,
        "/experiments:validate": TEXT,
        "/predict:batch": b"no archive",
        "/datasets?name=x{}": b"no archive",
        "/v1/models/digits:predict": b"{}",
        "/v2/models/digits/infer": b"{}",
    }
    for path, body in routes.items():
        plain = client.post(path.format(1), content=body)
        packed = client.post(path.format(2), content=gzip.compress(body), headers={"Content-Encoding": "gzip"})
        assert packed.status_code == plain.status_code, path
        if plain.status_code != 202:
            assert packed.json() == plain.json(), path

        broken = client.post(path.format(3), content=b"no gzip", headers={"Content-Encoding": "gzip"})
        assert (broken.status_code, "does not decompress" in broken.json()["error"]) == (400, True), path
        unknown = client.post(path.format(4), content=body, headers={"Content-Encoding": "br"})
        assert (unknown.status_code, unknown.headers["Accept-Encoding"]) == (415, "gzip, deflate"), path
        assert "send gzip, deflate or none" in unknown.json()["error"]


@pytest.mark.parametrize(
    ("encoding", "body", "expected"),
    [
        ("deflate", zlib.compress(TEXT)[2:-4], "expected zlib data (RFC 1950), not deflate data alone (RFC 1951)"),
        ("deflate", TEXT, "expected zlib data (RFC 1950)"),
        ("gzip", zlib.compress(TEXT), "expected gzip data (RFC 1952), received something else"),
    ],
)
def test_expected_encoding_is_told(encoding: str, body: bytes, expected: str) -> None:
    with pytest.raises(BadEncoding, match=re.escape(f"does not decompress as {encoding}: {expected}")):
        unpack([body], encoding)
