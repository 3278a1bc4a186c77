"""The files of a `multipart/form-data` body that has been received.

Nearly every client writes a form of files in one simple shape, which `scanned` takes apart with a search for the
boundary. What differs from that shape by a single byte goes to python-multipart.
"""

import re
from typing import TYPE_CHECKING, NamedTuple

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

# Of what may stand here, only characters that no parser reads as anything else.
_CONTENT_TYPE = re.compile(r"multipart/form-data; ?boundary=([-0-9A-Za-z_]{1,70})")
_FILE = re.compile(
    rb'\r\nContent-Disposition: form-data; name="([a-z]{1,20})"; filename="([-0-9A-Za-z_.()]{1,100})"'
    rb"(?:\r\nContent-Type: [-0-9A-Za-z.+]{1,50}/[-0-9A-Za-z.+]{1,50})?\r\n\r\n"
)
_ENDS = (b"--\r\n", b"--")


class Part(NamedTuple):
    """`filename` is None for a field that is no file."""

    name: str
    filename: str | None
    data: bytes


class BadForm(Exception):
    """The body is no form, or is cut short."""


def parts(content_type: str, body: bytes, most: int) -> list[Part]:
    """All parts in order. Raises BadForm, also where there are more than `most`."""
    found = scanned(content_type, body, most)
    return _parsed(content_type, body, most) if found is None else found


def scanned(content_type: str, body: bytes, most: int) -> list[Part] | None:
    r"""The parts if they are at most `most`, all of them files, and each written so, with or without a type:

        --<boundary>\r\n
        Content-Disposition: form-data; name="file"; filename="seven.png"\r\n
        Content-Type: image/png\r\n
        \r\n
        <data>\r\n

    and after the last `--<boundary>--` with or without a line's end. None for any other body.
    """
    if (stated := _CONTENT_TYPE.fullmatch(content_type)) is None:
        return None
    opening = b"--" + stated[1].encode()
    if not body.startswith(opening):
        return None
    # A delimiter ends a part wherever it stands, so that between two of them there is one part and nothing else.
    pieces = body[len(opening) :].split(b"\r\n" + opening, most)
    if pieces.pop() not in _ENDS:
        return None
    found = []
    for piece in pieces:
        if (headers := _FILE.match(piece)) is None:
            return None
        found.append(Part(headers[1].decode(), headers[2].decode(), piece[headers.end() :]))
    return found


def _parsed(content_type: str, body: bytes, most: int) -> list[Part]:
    _, options = parse_options_header(content_type)
    if not (boundary := options.get(b"boundary")):
        raise BadForm("its Content-Type names no boundary")
    reader = _Reader(most)
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise BadForm(str(error)) from error
    if not reader.ended:
        raise BadForm("it is cut short: its last boundary is missing")
    return reader.found


class _Reader:
    """Collects what python-multipart tells of."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._header = self._value = b""
        self._disposition: dict[bytes, bytes] = {}
        self._data = bytearray()
        self.found: list[Part] = []
        self.ended = False

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._on_part_begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }

    def _on_part_begin(self) -> None:
        if len(self.found) == self._most:
            raise BadForm(f"it has more than the {self._most} parts that one request may hold")
        self._disposition = {}
        self._data = bytearray()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, self._disposition = parse_options_header(self._value)
        self._header = self._value = b""

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _on_part_end(self) -> None:
        if (name := self._disposition.get(b"name")) is None:
            raise BadForm("a part of it has no name")
        filename = self._disposition.get(b"filename")
        self.found.append(Part(_text(name), None if filename is None else _text(filename), bytes(self._data)))

    def _on_end(self) -> None:
        self.ended = True


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
