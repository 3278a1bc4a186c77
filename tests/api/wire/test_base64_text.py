import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.wire.base64_text import NotBase64, decode_base64

DATA = bytes(range(256)) + b"x"
STANDARD = base64.b64encode(DATA).decode()


@pytest.mark.parametrize(
    "text",
    [
        STANDARD,
        base64.encodebytes(DATA).decode(),
        base64.encodebytes(DATA).decode().replace("\n", "\r\n"),
        STANDARD.rstrip("="),
        base64.urlsafe_b64encode(DATA).decode(),
        base64.urlsafe_b64encode(DATA).decode().rstrip("="),
        f" \t{STANDARD}\n",
        f"data:image/png;base64,{STANDARD}",
        f"DATA:image/png;BASE64,{STANDARD}",
        f"\n data:;base64, {STANDARD}",
        f"data:image/png;charset=utf-8; base64,{STANDARD}",
        f"data:image/png;base64,{quote(STANDARD, safe='')}",
        f"data:image/png;base64,{base64.encodebytes(DATA).decode()}",
    ],
)
def test_what_clients_write_is_decoded(text: str) -> None:
    assert decode_base64(text) == DATA


def test_empty_text_is_no_bytes() -> None:
    assert decode_base64("") == decode_base64("data:image/png;base64,") == b""


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("???", "is not valid base64: it contains `?`"),
        ("AA=AA", "is not valid base64: it contains `=`"),
        ("AA\u00e4A", "is not valid base64: it contains `\u00e4`"),
        ("A", "is not valid base64: 1 character without padding; it is probably cut short"),
        ("AAAAA", "is not valid base64: 5 characters without padding; it is probably cut short"),
        ("https://example.org/four.png", "is an address, which is not fetched; send the content"),
        ("blob:http://x/1", "is an address"),
        (str(base64.b64encode(DATA)), "is how Python prints bytes; send b64encode(data).decode()"),
        ("data:image/png,%89PNG", "is a data URL without `;base64`"),
        ("four.png", "is not valid base64: it contains `.`"),
    ],
)
def test_mistake_is_named(text: str, mistake: str) -> None:
    with pytest.raises(NotBase64) as rejected:
        decode_base64(text)
    assert str(rejected.value).startswith(mistake)


@given(st.binary(max_size=60), st.sampled_from(["", "=", "\n"]))
def test_any_bytes_survive_both_alphabets(data: bytes, end: str) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert decode_base64(encode(data).decode() + end) == data
