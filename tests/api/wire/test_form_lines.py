import random
from collections.abc import Iterator
from typing import Any

import pytest

from api.wire.body import BadRequestBody
from api.wire.form_lines import FormLines
from api.wire.forms import Part, parse_form

TYPE = "multipart/form-data; boundary=XX"
DATA = b"\x89PNG\r\n\x1a\n\r\n--X\n--\r--XX\n\r"  # what resembles a delimiter, and ends in half a line's end
FORM = (
    b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    + DATA.replace(b"\n--XX", b"\n--XY")
    + b'\r\n--XX\r\nContent-Disposition: form-data; name="file"; filename="empty"\r\n\r\n\r\n--XX--\r\n'
)
PARTS = [Part("file", "a.png", DATA.replace(b"\n--XX", b"\n--XY")), Part("file", "empty", b"")]


def with_lines(newline: bytes, blanks: bytes = b"") -> bytes:
    head = b'Content-Disposition: form-data; name="file"; filename="%b"'
    lines = [b"--XX" + blanks, head % b"a.png", b"Content-Type: image/png", b"", PARTS[0].data, b"--XX" + blanks]
    return newline.join([*lines, head % b"empty", b"", b"", b"--XX--" + blanks, b""])


FORMS = {
    "usual": FORM,
    "preamble": b"This is a message in MIME format.\r\n\r\n" + FORM,
    "preamble with a resembling line": b"a --XX\r\n --XX\r\n--XY\r\n" + FORM,
    "preamble of line feeds": b"\n\nhello\n" + FORM,
    "epilogue": FORM + b"--XX\r\nbye",
    "line feeds": with_lines(b"\n"),
    "line feeds and epilogue": with_lines(b"\n") + b"\n--XX\nbye",
    "line feeds and preamble": b"hello\n" + with_lines(b"\n"),
    "line feeds, no last one": with_lines(b"\n")[:-1],
    "blanks": with_lines(b"\r\n", b" \t "),
    "blanks and line feeds": with_lines(b"\n", b" "),
}


def segmentations(body: bytes) -> Iterator[list[bytes]]:
    yield [body]
    yield [body[at : at + 1] for at in range(len(body))]
    chance = random.Random(1)
    for _ in range(30):
        cuts = sorted(chance.sample(range(len(body)), 4))
        yield [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]


@pytest.mark.parametrize("name", FORMS)
def test_form_is_read_in_any_pieces(name: str) -> None:
    assert parse_form(TYPE, FORMS[name], 10, "") == PARTS
    for pieces in segmentations(FORMS[name]):
        lines = FormLines(b"XX")
        rewritten = b"".join(map(lines.write, pieces))
        assert parse_form(TYPE, rewritten, 10, "") == PARTS


def test_usual_form_is_not_rewritten() -> None:
    lines = FormLines(b"XX")

    assert b"".join(lines.write(FORM[at : at + 11]) for at in range(0, len(FORM), 11)) == FORM
    assert lines.write(large := bytes(10_000)) is large


@pytest.mark.parametrize("name", ["usual", "preamble", "line feeds", "blanks"])
def test_form_that_is_cut_short_is_rejected(name: str) -> None:
    form = FORMS[name]
    for end in range(0, form.rindex(b"--XX--") + 5, 3):
        with pytest.raises(BadRequestBody):
            parse_form(TYPE, form[:end], 10, "")


@pytest.mark.parametrize(
    "body",
    [b"x" * 100_000, b"x" * 100_000 + b"\r\n" + FORM, b"--XX" + b" " * 1_000 + FORM, b"--XX\n" + b"no header\n" * 10],
    ids=["no boundary", "long preamble", "many blanks", "no headers"],
)
def test_what_is_no_form_is_rejected(body: bytes) -> None:
    with pytest.raises(BadRequestBody, match="the form"):
        parse_form(TYPE, body, 10, "")


TOKENS = [b"--XX", b"--", b"-", b"\n", b"\r\n", b"\r", b" ", b"a: b", b"\n--XX\n", b"\n\n", b"h\n" * 9, b"x" * 5_000]


def test_any_bytes_are_rewritten_as_whole() -> None:
    chance = random.Random(2)
    for _ in range(300):
        tokens = chance.choices(TOKENS, weights=[4, 1, 1, 4, 2, 1, 1, 4, 4, 4, 1, 0.2], k=30)
        body = b"--XX" + b"".join(tokens)
        whole = FormLines(b"XX").write(body)
        for size in (1, 2, 3, 7):
            lines = FormLines(b"XX")
            assert b"".join(lines.write(body[at : at + size]) for at in range(0, len(body), size)) == whole, body


class CountingBuffer(bytearray):
    """Counts the bytes that are copied out of it."""

    copied = 0

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        self.copied += len(found) if isinstance(key, slice) else 1
        return found


@pytest.mark.parametrize(
    "body",
    [
        with_lines(b"\n")[: -len(b"--XX--\n")] * 2_000,
        b"--XX\n" + b"a: b\n" * 100_000,
        b"--XX\n" + b"a" * 500_000,
        b"--XX\n\n" + b"\n--X" * 100_000,
    ],
    ids=["parts", "header lines", "header without end", "beginnings of delimiters"],
)
def test_bytes_of_form_are_copied_once(body: bytes) -> None:
    for size in (len(body), 1_000):
        lines = FormLines(b"XX")
        lines._buffer = buffer = CountingBuffer()
        for at in range(0, len(body), size):
            lines.write(body[at : at + size])
        assert lines._buffer is buffer
        assert buffer.copied <= len(body)


@pytest.mark.parametrize(
    "headers",
    [b"a: b\n" * 9, b"a: b\n" * 100_000, b"a: " + b"b" * 5_000 + b"\n", b"a: " + b"b" * 500_000],
    ids=["one too many", "many", "long", "without end"],
)
def test_headers_beyond_limits_are_rejected(headers: bytes) -> None:
    disposition = b'Content-Disposition: form-data; name="file"; filename="a.png"\n'
    for newline in (b"\n", b"\r\n"):
        body = (b"--XX\n" + disposition + headers + b"\n\nx\n--XX--\n").replace(b"\n", newline)
        with pytest.raises(BadRequestBody, match=r"the form does not parse: .*header"):
            parse_form(TYPE, body, 10, "")
