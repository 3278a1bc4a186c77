"""An archive on its way to disk: in pieces, into one file, whatever way it was sent."""

from collections.abc import Callable
from typing import BinaryIO

from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from api.wire.samples import BadRequestBody
from api.wire.streamed_form import StreamedForm

# Handed to a thread at once: neither the disk nor the parser holds up other requests.
_PIECE_BYTES = 1_000_000
_FORM_BYTES = 10_000  # what a form may have beside the archive
_NAME_BYTES = 200
_HOW = "send a form with `name` and `archive`, as in curl -F name=flowers -F archive=@flowers.zip"


class UploadForm(StreamedForm):
    """Reads the two fields of a form as it comes; the archive goes to `file`."""

    def __init__(self, content_type: str, file: BinaryIO) -> None:
        super().__init__(content_type, _HOW)
        self._file = file
        self._field = ""
        self._name = bytearray()
        self.fields: set[str] = set()

    @property
    def name(self) -> str:
        return self._name.decode(errors="replace")

    def close(self) -> None:
        super().close()
        if self.fields != {"name", "archive"}:
            raise BadRequestBody(f"the form is not complete; {_HOW}")

    def part_begins(self, field: str, filename: str | None) -> None:
        self._field = field
        if self._field not in ("name", "archive"):
            raise BadRequestBody(f"unknown form field `{self._field[:50]}`; {_HOW}")
        if self._field in self.fields:
            raise BadRequestBody(f"the form field `{self._field}` came twice; {_HOW}")
        self.fields.add(self._field)

    def part_goes_on(self, data: bytes) -> None:
        if self._field == "archive":
            self._file.write(data)
            return
        self._name += data
        if len(self._name) > _NAME_BYTES:
            raise BadRequestBody(f"the form field `name` is longer than {_NAME_BYTES} bytes; {_HOW}")


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


async def receive_archive(request: Request, name: str | None, file: BinaryIO, max_bytes: int) -> str:
    """Write the archive to `file` and return the name that was sent. Raises BadRequestBody, HTTPException 413."""
    content_type = request.headers.get("content-type", "")
    is_form = content_type.lower().startswith("multipart/form-data")
    body = UploadForm(content_type, file) if is_form else RawBody(name, file)
    await receive_in_pieces(request, body.write, max_bytes, _FORM_BYTES if is_form else 0)
    body.close()
    return body.name


async def receive_in_pieces(
    request: Request,
    write: Callable[[bytes], None],
    max_bytes: int,
    form_bytes: int = 0,
    limiter: CapacityLimiter | None = None,
) -> None:
    """Have the body written by threads of `limiter`, as it comes: an archive, and of a form `form_bytes` beside it.
    Raises what `write` raises, BadRequestBody, HTTPException 413: at once where its sender says how large it is."""
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > max_bytes + form_bytes:
        raise _too_large(max_bytes)
    received, pieces, waiting = 0, list[bytes](), 0
    try:
        async for piece in request.stream():
            received += len(piece)
            if received > max_bytes + form_bytes:
                raise _too_large(max_bytes)
            pieces.append(piece)
            waiting += len(piece)
            if waiting >= _PIECE_BYTES:
                await to_thread.run_sync(write, b"".join(pieces), limiter=limiter)
                pieces, waiting = [], 0
    except ClientDisconnect as error:
        raise BadRequestBody("the upload broke off; nothing was kept") from error
    await to_thread.run_sync(write, b"".join(pieces), limiter=limiter)


def _too_large(max_bytes: int) -> HTTPException:
    return HTTPException(413, f"the archive is larger than the {max_bytes:,} bytes that are taken")
