"""An archive on its way to disk: in pieces, into one file, whatever way it was sent."""

from typing import BinaryIO

from anyio import to_thread
from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from api.pictures import BadRequestBody

# Handed to a thread at once: neither the disk nor the parser holds up other requests.
_PIECE_BYTES = 1_000_000
_FORM_BYTES = 10_000  # what a form may have beside the archive
_NAME_BYTES = 200
_HOW = "send a form with `name` and `archive`, as in curl -F name=flowers -F archive=@flowers.zip"


class UploadForm:
    """Reads the two fields of a form as it comes; the archive goes to `file`. Starlette's own parser would first put
    it into a temporary file, which may lie on a small disk, and then have it copied."""

    def __init__(self, content_type: str, file: BinaryIO) -> None:
        _, options = parse_options_header(content_type)
        if b"boundary" not in options:
            raise BadRequestBody(f"the form has no boundary; {_HOW}")
        self._file = file
        self._field = ""
        self._header = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._name = bytearray()
        self.fields: set[str] = set()
        self._ended = False
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_end": self._on_end,
            },
        )

    @property
    def name(self) -> str:
        return self._name.decode(errors="replace")

    def write(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except MultipartParseError as error:
            raise BadRequestBody(f"the form does not parse: {error}; {_HOW}") from error

    def close(self) -> None:
        if not self._ended or self.fields != {"name", "archive"}:
            raise BadRequestBody(f"the form is not complete; {_HOW}")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._headers = {}
        self._field = options.get(b"name", b"").decode(errors="replace")
        if self._field not in ("name", "archive"):
            raise BadRequestBody(f"unknown form field `{self._field[:50]}`; {_HOW}")
        if self._field in self.fields:
            raise BadRequestBody(f"the form field `{self._field}` came twice; {_HOW}")
        self.fields.add(self._field)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._field == "archive":
            self._file.write(data[start:end])
            return
        self._name += data[start:end]
        if len(self._name) > _NAME_BYTES:
            raise BadRequestBody(f"the form field `name` is longer than {_NAME_BYTES} bytes; {_HOW}")

    def _on_end(self) -> None:
        self._ended = True


class RawBody:
    """The body is the archive; its name came with the address."""

    def __init__(self, name: str | None, file: BinaryIO) -> None:
        if not name:
            raise BadRequestBody(f"there is no name: add ?name=flowers to the address, or {_HOW}")
        self.name = name
        self._file = file

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def close(self) -> None:
        if self._file.tell() == 0:
            raise BadRequestBody(f"the body is empty; {_HOW}")


async def receive_archive(request: Request, name: str | None, file: BinaryIO, most_bytes: int) -> str:
    """Write the archive to `file` and return the name that was sent. Raises BadRequestBody, HTTPException 413."""
    content_type = request.headers.get("content-type", "")
    is_form = content_type.lower().startswith("multipart/form-data")
    body = UploadForm(content_type, file) if is_form else RawBody(name, file)
    most = most_bytes + (_FORM_BYTES if is_form else 0)
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > most:
        raise _too_large(most_bytes)
    received, pieces, waiting = 0, list[bytes](), 0
    try:
        async for piece in request.stream():
            received += len(piece)
            if received > most:
                raise _too_large(most_bytes)
            pieces.append(piece)
            waiting += len(piece)
            if waiting >= _PIECE_BYTES:
                await to_thread.run_sync(body.write, b"".join(pieces))
                pieces, waiting = [], 0
    except ClientDisconnect as error:
        raise BadRequestBody("the upload broke off; nothing was kept") from error
    await to_thread.run_sync(body.write, b"".join(pieces))
    body.close()
    return body.name


def _too_large(most_bytes: int) -> HTTPException:
    return HTTPException(413, f"the archive is larger than the {most_bytes:,} bytes that are taken")
