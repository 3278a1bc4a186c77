"""Many images on their way to a temporary file: an archive, or a form with an archive or with many files."""

from collections.abc import Iterator
from typing import BinaryIO

from anyio import CapacityLimiter, fail_after, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

from api.wire.samples import BadRequestBody
from api.wire.spool import Spool, spooled_members
from api.wire.streamed_form import StreamedForm
from api.wire.uploads import receive_in_pieces
from archives.errors import UnsupportedFormat
from archives.member import Limits, Member
from archives.reader import open_archive
from models_store.files import storage_errors

HOW = "send a zip or a tar, as in curl -F archive=@images.zip, or many files in the field `file`"
# What a form may have beside the content of each file.
_PART_BYTES = 500


class Incoming:
    """A body as it comes. It is the archive itself."""

    sent_singly = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def close(self) -> None:
        """All has come. Raises BadRequestBody."""

    def members(self, limits: Limits) -> Iterator[Member]:
        """What came. Raises InvalidArchive, also later on."""
        return archive_members(self._file, limits)


class _Form(StreamedForm, Incoming):
    """`archive`, or `file` once or often: then each of them was chosen to be predicted."""

    def __init__(self, content_type: str, file: BinaryIO, max_files: int) -> None:
        StreamedForm.__init__(self, content_type, HOW)
        Incoming.__init__(self, file)
        self._spool = Spool(file)
        self._max_files = max_files
        self._parts = 0

    def part_begins(self, field: str, filename: str | None) -> None:
        if field not in ("archive", "file"):
            raise BadRequestBody(f"unknown form field `{field[:50]}`; {HOW}")
        if filename is None:
            raise BadRequestBody(f"the form field `{field}` holds text, not a file; {HOW}")
        if self._parts and (field == "archive" or not self.sent_singly):
            raise BadRequestBody(f"the form has another field beside `archive`; {HOW}")
        if self._parts == self._max_files:
            raise BadRequestBody(f"the form has more than the {self._max_files:,} files that one request may hold")
        self._parts += 1
        self.sent_singly = field == "file"
        if self.sent_singly:
            self._spool.begin(filename or "image")

    def part_goes_on(self, data: bytes) -> None:
        self._file.write(data)

    def part_ends(self) -> None:
        if self.sent_singly:
            self._spool.end()

    def close(self) -> None:
        super().close()
        if self._parts == 0:
            raise BadRequestBody(f"the form is empty; {HOW}")

    def members(self, limits: Limits) -> Iterator[Member]:
        return spooled_members(self._file, limits) if self.sent_singly else archive_members(self._file, limits)


def archive_members(file: BinaryIO, limits: Limits) -> Iterator[Member]:
    """All members; the format is recognized by the content. Raises InvalidArchive."""
    try:
        return open_archive(file, limits).members
    except UnsupportedFormat as error:
        raise UnsupportedFormat(f"{error}; {HOW}; one image: POST /predict") from error


async def received(
    request: Request, file: BinaryIO, max_bytes: int, max_files: int, limiter: CapacityLimiter, silence_seconds: float
) -> Incoming:
    """Write the body to `file`, by threads of `limiter`. Raises BadRequestBody, StorageFull, and HTTPException 413 or,
    after `silence_seconds` in which nothing came, 408."""
    content_type = request.headers.get("content-type", "")
    is_form = content_type.lower().startswith("multipart/form-data")
    body = _Form(content_type, file, max_files) if is_form else Incoming(file)

    def write(data: bytes) -> None:
        with storage_errors("the images of a batch"):
            body.write(data)

    def close() -> None:
        body.close()
        with storage_errors("the images of a batch"):
            file.flush()

    impatient = Request(request.scope, _impatient(request.receive, silence_seconds))
    await receive_in_pieces(impatient, write, max_bytes, max_files * _PART_BYTES if is_form else 0, limiter)
    await to_thread.run_sync(close, limiter=limiter)
    return body


def _impatient(receive: Receive, silence_seconds: float) -> Receive:
    """Whoever sends nothing must not keep others out."""

    async def receive_soon() -> Message:
        try:
            with fail_after(silence_seconds):
                return await receive()
        except TimeoutError as error:
            raise HTTPException(408, f"nothing came for {silence_seconds:g} s; send the whole body again") from error

    return receive_soon
