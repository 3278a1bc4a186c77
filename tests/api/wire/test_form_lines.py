import random
from collections.abc import Iterator

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
