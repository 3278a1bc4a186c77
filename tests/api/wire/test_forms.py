"""Forms are parsed as Starlette parses them, whether they are scanned or not."""

import asyncio
from collections.abc import AsyncGenerator

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api.wire.body import BadRequestBody
from api.wire.form_lines import FormLines
from api.wire.forms import Part, StreamedForm, parse_form, scan_form
from tests.support.examples import examples

BOUNDARY = "b-1"
MAX_PARTS = 5
HINT = "send files"


def by_starlette(content_type: str, body: bytes) -> list[Part] | None:
    """Without empty file inputs; None where it rejects the form."""

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    async def parsed() -> list[Part]:
        form = await parser.parse()
        return [
            Part(name, value.filename, await value.read()) if isinstance(value, UploadFile) else _field(name, value)
            for name, value in form.multi_items()
            if not (isinstance(value, UploadFile) and not value.filename and not value.size)
        ]

    parser = MultiPartParser(Headers({"content-type": content_type}), stream())
    try:
        return asyncio.run(parsed())
    except MultiPartException:
        return None
    finally:
        for file in parser._files_to_close_on_error:  # those of parts that never ended, too
            file.close()


def _field(name: str, value: str) -> Part:
    return Part(name, None, value.encode())


def part(name: bytes, filename: bytes, kind: bytes | None, data: bytes) -> bytes:
    headers = b'Content-Disposition: form-data; name="%b"; filename="%b"' % (name, filename)
    return headers + (b"" if kind is None else b"\r\nContent-Type: " + kind) + b"\r\n\r\n" + data


def form(written: list[bytes], end: bytes = b"\r\n") -> bytes:
    opening = b"--" + BOUNDARY.encode()
    return b"".join(opening + b"\r\n" + each + b"\r\n" for each in written) + opening + b"--" + end


CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
IMAGE = part(b"file", b"seven.png", b"image/png", b"\x89PNG\r\n\x1a\n")

# Pieces of which forms are made, put together in ways that none should be.
BOUNDARIES = [b"--b-1", b"\r\n--b-1", b"\r\n--b-1\r\n", b"\r\n--b-1--", b"--b-12", b"--", b"-", b"\r\n", b"\r", b"\n"]
MARKS = [b'"', b";", b"\\", b"%22", b"\x00", b"\xe4", b" ", b"\t", b"name=", b"Content-Type: text/plain", b"\r\n\r\n"]
TRICKY = st.sampled_from([*BOUNDARIES, *MARKS])
NAMES = st.sampled_from([b"file", b"image", b"File", b"", b"a b", b'"', b"fi\xe4le"])
FILENAMES = st.sampled_from(
    [b"seven.png", b"a", b"", b"a b.png", b"C:\\x.png", b"x\\y", b'q".png', b"a;b", b"\xff\xe4"]
)
KINDS = st.sampled_from([None, b"image/png", b"", b"image/png; charset=x", b"a/b\r\nX-Other: 1", b"image/svg+xml"])
DATA = st.lists(st.one_of(TRICKY, st.binary(max_size=8)), max_size=6).map(b"".join)
WRITTEN = st.one_of(st.just(IMAGE), st.builds(part, NAMES, FILENAMES, KINDS, DATA), DATA)
ENDS = st.sampled_from([b"", b"\r\n", b"\n", b"\r\n\r\n", b"epilogue", b"-", b"\r\n--b-1\r\n"])
FORMS = st.builds(form, st.lists(WRITTEN, max_size=MAX_PARTS + 1), ENDS)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A form with bytes inserted, removed or cut off."""
    body = draw(FORMS)
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(body)))
        removed = draw(st.integers(0, 4))
        body = body[:at] + draw(st.one_of(st.just(b""), TRICKY)) + body[at + removed :]
    return body[: draw(st.one_of(st.just(len(body)), st.integers(0, len(body))))]


@settings(max_examples=examples(600), deadline=None)
@given(damaged())
def test_scanned_form_equals_parsed_form(body: bytes) -> None:
    found = scan_form(CONTENT_TYPE, body, MAX_PARTS)
    if found is not None:
        assert found == by_starlette(CONTENT_TYPE, body)


@settings(max_examples=examples(300), deadline=None)
@given(damaged())
def test_form_is_parsed_as_by_starlette_or_rejected(body: bytes) -> None:
    expected = by_starlette(CONTENT_TYPE, body)
    if expected is None:  # which may be for its lines
        expected = by_starlette(CONTENT_TYPE, FormLines(b"b-1").write(body))
    try:
        found = parse_form(CONTENT_TYPE, body, MAX_PARTS, HINT)
    except BadRequestBody:
        return  # stricter than Starlette, which keeps the whole parts of a form that is cut short
    assert expected is not None
    assert [
        each._replace(data=each.data if each.filename is not None else _utf8(each.data))
        for each in found
        if not _may_be_left_out(each)
    ] == [each for each in expected if not _may_be_left_out(each)]


def _may_be_left_out(each: Part) -> bool:
    """With a type it is an empty file input; Starlette does not say which parts have one."""
    return each.filename is None and not each.data


def _utf8(data: bytes) -> bytes:
    """A field that is no file is text to Starlette."""
    try:
        return data.decode().encode()
    except UnicodeDecodeError:
        return data.decode("latin-1").encode()


@given(st.lists(st.builds(part, st.just(b"file"), st.just(b"a.png"), st.just(b"image/png"), st.binary(max_size=40)),
                max_size=MAX_PARTS))  # fmt: skip
def test_plain_form_is_scanned_with_any_content(written: list[bytes]) -> None:
    assert scan_form(CONTENT_TYPE, form(written), MAX_PARTS) is not None


def test_forms_of_common_clients_are_scanned() -> None:
    request = httpx2.Request(
        "POST", "http://x", files=[("file", ("a.png", b"\x89PNG")), ("file", ("b.jpg", b"\xff\xd8"))]
    )
    found = scan_form(request.headers["content-type"], request.read(), MAX_PARTS)
    assert found == [Part("file", "a.png", b"\x89PNG"), Part("file", "b.jpg", b"\xff\xd8")]

    curl = "------------------------0123456789abcdef"
    body = form([IMAGE]).replace(BOUNDARY.encode(), curl.encode())
    assert scan_form(f"multipart/form-data; boundary={curl}", body, MAX_PARTS) is not None
    chrome = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
    body = form([IMAGE]).replace(BOUNDARY.encode(), chrome.encode())
    assert scan_form(f"multipart/form-data; boundary={chrome}", body, MAX_PARTS) is not None


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (CONTENT_TYPE + "; charset=utf-8", form([IMAGE])),
        (f'multipart/form-data; boundary="{BOUNDARY}"', form([IMAGE])),
        (CONTENT_TYPE, b"\r\n" + form([IMAGE])),
        (CONTENT_TYPE, form([IMAGE, IMAGE]).replace(b"\r\n--b-1\r\n", b"\r\n--b-1 \r\n")),
        (CONTENT_TYPE, form([part(b"file", b"four \xc3\xa4.png", b"image/png", b"x")])),
        (CONTENT_TYPE, form([IMAGE.replace(b"Content-Disposition", b"content-disposition")])),
        (CONTENT_TYPE, form([b'Content-Disposition: form-data; name="file"\r\n\r\ntext'])),
        (CONTENT_TYPE, form([IMAGE], b"epilogue")),
    ],
)
def test_unusual_form_is_parsed(content_type: str, body: bytes) -> None:
    assert scan_form(content_type, body, MAX_PARTS) is None
    assert parse_form(content_type, body, MAX_PARTS, HINT) == by_starlette(content_type, body)


@pytest.mark.parametrize(
    ("content_type", "body", "fragment"),
    [
        ("multipart/form-data", b"\x89PNG\r\n\x1a\n" + b"x" * 200, "nor its first line has a boundary"),
        ("multipart/form-data; boundary=", b"--" + b"x" * 71 + b"\r\n" + IMAGE, "nor its first line has a boundary"),
        ("multipart/form-data", b"--b-1", "nor its first line has a boundary"),
        ("multipart/form-data; boundary=" + "x" * 300, form([IMAGE]), "exceeds maximum"),
        (CONTENT_TYPE, b"", "cut short"),
        (CONTENT_TYPE, form([IMAGE])[:-8], "cut short"),
        (CONTENT_TYPE, form([IMAGE, IMAGE])[:90], "cut short"),
        (CONTENT_TYPE, form([IMAGE] * (MAX_PARTS + 1)), "more than 5 parts"),
        (CONTENT_TYPE, form([b"Content-Type: image/png\r\n\r\nx"]), "has no name"),
        (CONTENT_TYPE, form([b"X-Header: y\r\n" * 1000 + IMAGE]), "header"),
        (CONTENT_TYPE, b"words", "boundary"),
    ],
)
def test_invalid_form_is_rejected_with_a_reason(content_type: str, body: bytes, fragment: str) -> None:
    assert scan_form(content_type, body, MAX_PARTS) is None
    with pytest.raises(BadRequestBody, match=fragment):
        parse_form(content_type, body, MAX_PARTS, HINT)


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=", "application/json"])
@pytest.mark.parametrize("start", [b"", b"\r\n"])
def test_boundary_of_the_first_line_is_taken(content_type: str, start: bytes) -> None:
    assert parse_form(content_type, start + form([IMAGE]), MAX_PARTS, HINT) == parse_form(
        CONTENT_TYPE, form([IMAGE]), MAX_PARTS, HINT
    )


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_empty_file_inputs_are_left_out(size: int) -> None:
    empty = part(b"file", b"", b"application/octet-stream", b"")
    body = form([empty, part(b"other", b"", None, b""), IMAGE, empty, part(b"file", b"empty.png", None, b"")])

    collected = Collected()
    for start in range(0, len(body), size):
        collected.write(body[start : start + size])
    collected.close()

    assert [(each.filename, len(each.data)) for each in collected.parts] == [("seven.png", 8), ("empty.png", 0)]
    assert parse_form(CONTENT_TYPE, body, MAX_PARTS, HINT) == collected.parts


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        (b"", None),
        (b"; filename*=UTF-8''vi%C3%A9r.png", "vi\u00e9r.png"),
        (b"; FileName*=utf-8'en'four%20.png", "four .png"),
        (b"; filename=plain.png; filename*=UTF-8''other.png", "plain.png"),
    ],
)
def test_filename_may_be_missing_or_extended(disposition: bytes, filename: str | None) -> None:
    body = form([b'Content-Disposition: form-data; name="file"' + disposition + b"\r\n\r\n\x89PNG"])

    assert parse_form(CONTENT_TYPE, body, MAX_PARTS, HINT) == [Part("file", filename, b"\x89PNG")]


def test_form_of_the_maximum_of_files_is_scanned() -> None:
    assert len(scan_form(CONTENT_TYPE, form([IMAGE] * MAX_PARTS), MAX_PARTS) or []) == MAX_PARTS


class Collected(StreamedForm):
    """The parts of a form that arrives in pieces."""

    def __init__(self) -> None:
        super().__init__(CONTENT_TYPE, HINT)
        self.parts: list[Part] = []

    def begin_part(self, field: str, filename: str | None) -> None:
        self.parts.append(Part(field, filename, b""))

    def write_part(self, data: bytes) -> None:
        self.parts[-1] = self.parts[-1]._replace(data=self.parts[-1].data + data)


@settings(max_examples=examples(200), deadline=None)
@given(damaged(), st.integers(1, 20))
def test_form_in_pieces_equals_whole_form(body: bytes, size: int) -> None:
    form = Collected()
    try:
        for start in range(0, len(body), size):
            form.write(body[start : start + size])
        form.close()
        found: list[Part] | None = form.parts
    except BadRequestBody:
        found = None
    try:
        expected: list[Part] | None = parse_form(CONTENT_TYPE, body, 10 * MAX_PARTS, HINT)
    except BadRequestBody:
        expected = None
    assert found == expected


@pytest.mark.parametrize("kind", [b"application/octet-stream", b"image/png"])
@pytest.mark.parametrize("name", [b"file", b"other"])
def test_empty_part_with_a_type_alone_is_left_out(kind: bytes, name: bytes) -> None:
    """As httpx writes `(None, b"", "image/png")`."""
    empty = b'Content-Disposition: form-data; name="%b"\r\nContent-Type: %b\r\n\r\n' % (name, kind)
    text = b'Content-Disposition: form-data; name="note"\r\n\r\n'

    assert [each.field for each in parse_form(CONTENT_TYPE, form([empty, IMAGE]), MAX_PARTS, HINT)] == ["file"]
    assert [each.data for each in parse_form(CONTENT_TYPE, form([empty + b"x"]), MAX_PARTS, HINT)] == [b"x"]
    # A text field that was left empty is still a field.
    parts = parse_form(CONTENT_TYPE, form([empty, text, IMAGE]), MAX_PARTS, HINT)
    assert [(each.field, each.data[:4]) for each in parts] == [("note", b""), ("file", b"\x89PNG")]
