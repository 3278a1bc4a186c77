"""Forms (`multipart/form-data`), parsed whole or as they arrive.

Starlette's own parser writes the files of a form to temporary files, which may be on a small disk, from where they
would be copied once more.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from api.wire.body import BadRequestBody
from api.wire.file_signatures import text_of
from api.wire.form_lines import FormLines
from specs.problem import format_value, shorten
from specs.spelling import did_you_mean

# Only characters that no parser reads as anything else.
_CONTENT_TYPE = re.compile(r"multipart/form-data; ?boundary=([-0-9A-Za-z_]{1,70})")
_FILE = re.compile(
    rb'\r\nContent-Disposition: form-data; name="([a-z]{1,20})"; filename="([-0-9A-Za-z_.()]{1,100})"'
    rb"(?:\r\nContent-Type: [-0-9A-Za-z.+]{1,50}/[-0-9A-Za-z.+]{1,50})?\r\n\r\n"
)
_ENDS = (b"--\r\n", b"--")
# The first line of a form whose Content-Type has no boundary: of 70 characters at most (RFC 2046).
_FIRST_LINE = re.compile(rb"(?:\r?\n)*--([-0-9A-Za-z'()+_,./:=? ]{0,69}[-0-9A-Za-z'()+_,./:=?])\r?\n")
_MAX_FIRST_LINE = 100
# A tar has zero bytes, and every image something else that is no text, in as many bytes.
TEXT_BYTES = 200
# RFC 5987, which forms should not have, but some clients write it alone.
_EXTENDED_FILENAME = re.compile(rb";\s*filename\*\s*=\s*[-0-9A-Za-z]*'[-0-9A-Za-z]*'([^;\s]*)", re.IGNORECASE)


def is_form(content_type: str) -> bool:
    return content_type.split(";", 1)[0].strip().lower() == "multipart/form-data"


def begins_as_form(body: bytes) -> bool:
    """Whatever its Content-Type."""
    return body.startswith(b"--") and b"Content-Disposition:" in body[:500] and _FIRST_LINE.match(body) is not None


def unknown_field(field: str, known: Collection[str], parameters: Collection[str] = ()) -> str:
    """What is wrong with a field; `parameters` are those of the route's query string."""
    name = shorten(field)
    if field in parameters:
        return f"unknown form field `{name}`: it belongs in the URL, as in ?{name}=..."
    return f"unknown form field `{name}`; {did_you_mean(name, known)}known: {', '.join(known)}"


def holds_text(field: str, data: bytes) -> str | None:
    """What is wrong with a part that should be a file and has no file name; None if its content may be a file's. `data`
    has at least its first `TEXT_BYTES` bytes, if there are so many."""
    if (text := text_of(data[:TEXT_BYTES])) is None:
        return None
    return f"the form field `{shorten(field)}` holds text, not a file: {format_value(text)}"


class StreamedForm(ABC):
    """Parses a form in pieces. `hint` ends the messages about invalid forms: what to send instead."""

    def __init__(self, content_type: str, hint: str) -> None:
        """Without a boundary in `content_type` the one in the first line is taken. Raises BadRequestBody."""
        self._hint = hint
        self._header = self._value = self._first_line = b""
        self._disposition: dict[bytes, bytes] = {}
        self._has_type = False
        self._begun: tuple[str, str | None] | None = None
        self._is_complete = False
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        self._parser = self._make_parser(boundary) if boundary else None

    def _make_parser(self, boundary: bytes) -> MultipartParser:
        self._lines = FormLines(boundary)
        try:
            return MultipartParser(
                boundary,
                {
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise self.error(f"the form does not parse: {error}") from error

    @abstractmethod
    def begin_part(self, field: str, filename: str | None) -> None:
        """`filename` is None for a part that has none. Empty file inputs are left out. May raise BadRequestBody, as the
        two below."""

    @abstractmethod
    def write_part(self, data: bytes) -> None: ...

    def end_part(self) -> None: ...  # noqa: B027 - not all forms need it

    def error(self, sentence: str) -> BadRequestBody:
        return BadRequestBody(f"{sentence}; {self._hint}")

    def write(self, data: bytes) -> None:
        """Parse the next piece. Raises BadRequestBody."""
        if self._parser is None:
            data = self._first_line = self._first_line + data
            if (match := _FIRST_LINE.match(data)) is None:
                if len(data) > _MAX_FIRST_LINE:
                    raise self._no_boundary()
                return
            self._parser = self._make_parser(match[1])
        try:
            if rewritten := self._lines.write(data):
                self._parser.write(rewritten)
        except FormParserError as error:
            raise self.error(f"the form does not parse: {error}") from error

    def _no_boundary(self) -> BadRequestBody:
        return self.error("the form does not parse: neither its Content-Type nor its first line has a boundary")

    def close(self) -> None:
        """Nothing more comes. Raises BadRequestBody if the form is incomplete."""
        if self._parser is None:
            raise self._no_boundary()
        if not self._is_complete:
            raise self.error("the form is cut short: its last boundary is missing")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, self._disposition = parse_options_header(self._value)
            if b"filename" not in self._disposition and (match := _EXTENDED_FILENAME.search(self._value)):
                self._disposition[b"filename"] = unquote_to_bytes(match[1])
        self._has_type |= self._header.lower() == b"content-type"
        self._header = self._value = b""

    def _on_headers_finished(self) -> None:
        disposition, self._disposition = self._disposition, {}
        has_type, self._has_type = self._has_type, False
        if (field := disposition.get(b"name")) is None:
            raise self.error("the form does not parse: a part of it has no name")
        filename = disposition.get(b"filename")
        self._begun = _decode(field), None if filename is None else _decode(filename)
        # What has no content and an empty name, or a type and no name, is a file input that the user left empty.
        if filename or (filename is None and not has_type):
            self._begin()

    def _begin(self) -> None:
        if self._begun is not None:
            field, filename = self._begun
            self._begun = None
            self.begin_part(field, filename)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._begin()
        self.write_part(data[start:end])

    def _on_part_end(self) -> None:
        if self._begun is None:
            self.end_part()
        self._begun = None

    def _on_end(self) -> None:
        self._is_complete = True


class Part(NamedTuple):
    """`filename` is None for a part that has none."""

    field: str
    filename: str | None
    data: bytes


def parse_form(content_type: str, body: bytes, max_parts: int, hint: str) -> list[Part]:
    """All parts in order. Raises BadRequestBody, also for more than `max_parts`."""
    if (parts := scan_form(content_type, body, max_parts)) is None:
        form = _WholeForm(content_type, max_parts, hint)
        form.write(body)
        form.close()
        parts = form.parts
    return parts


def scan_form(content_type: str, body: bytes, max_parts: int) -> list[Part] | None:
    r"""The parts of a form as nearly every client writes it, found by a search for the boundary: at most `max_parts`,
    all of them files, each of this form, with or without a type:

        --<boundary>\r\n
        Content-Disposition: form-data; name="file"; filename="seven.png"\r\n
        Content-Type: image/png\r\n
        \r\n
        <data>\r\n

    and after the last `--<boundary>--` at most a line's end. None for a body that differs by a byte.
    """
    if (match := _CONTENT_TYPE.fullmatch(content_type)) is None:
        return None
    opening = b"--" + match[1].encode()
    if not body.startswith(opening):
        return None
    # A delimiter ends a part wherever it stands: between two of them there is exactly one part.
    pieces = body[len(opening) :].split(b"\r\n" + opening, max_parts)
    if pieces.pop() not in _ENDS:
        return None
    parts = []
    for piece in pieces:
        if (headers := _FILE.match(piece)) is None:
            return None
        parts.append(Part(headers[1].decode(), headers[2].decode(), piece[headers.end() :]))
    return parts


class _WholeForm(StreamedForm):
    def __init__(self, content_type: str, max_parts: int, hint: str) -> None:
        super().__init__(content_type, hint)
        self._max_parts = max_parts
        self._data = bytearray()
        self.parts: list[Part] = []

    def begin_part(self, field: str, filename: str | None) -> None:
        if len(self.parts) == self._max_parts:
            raise self.error(f"the form has more than {self._max_parts:,} parts, the limit of one request")
        self.parts.append(Part(field, filename, b""))
        self._data = bytearray()

    def write_part(self, data: bytes) -> None:
        self._data += data

    def end_part(self) -> None:
        self.parts[-1] = self.parts[-1]._replace(data=bytes(self._data))


def _decode(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
