"""The body of a batch, written to a temporary file: an archive, or a form with an archive or with many files."""

from collections.abc import Iterator
from typing import BinaryIO

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

from api.wire.body import write_body
from api.wire.file_signatures import check_unharmed
from api.wire.forms import TEXT_BYTES, StreamedForm, holds_text, is_form, unknown_field
from api.wire.spool import Spool, spooled_members
from archives.errors import UnsupportedFormat
from archives.member import Limits, Member
from archives.reader import open_archive
from models_store.files import storage_errors

HINT = "send a zip or a tar, as in curl -F archive=@images.zip, or many files in the field `file`"
STORED = "the images of a batch"
_FIELDS = ("archive", "file")
_PARAMETERS = ("dataset", "experiment", "top", "prep")
# Of a form, beside the content of each file.
_PART_BYTES = 500


class BatchUpload:
    """The body is the archive."""

    sent_singly = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        """Raises BadRequestBody."""
        if self._file.tell() == 0:
            check_unharmed(data, "images.zip")
        self._file.write(data)

    def close(self) -> None:
        """Nothing more comes. Raises BadRequestBody."""

    def members(self, limits: Limits) -> Iterator[Member]:
        """Raises InvalidArchive, also while they are iterated."""
        return archive_members(self._file, limits)


class BatchForm(StreamedForm, BatchUpload):
    """One `archive`, or one or more `file`: images that were sent singly."""

    def __init__(self, content_type: str, file: BinaryIO, max_files: int) -> None:
        StreamedForm.__init__(self, content_type, HINT)
        BatchUpload.__init__(self, file)
        self._spool = Spool(file)
        self._max_files = max_files
        self._parts = 0
        # The field of a part without a file name, and its first bytes, until they show whether it is a file.
        self._may_be_text: str | None = None
        self._beginning = b""

    def begin_part(self, field: str, filename: str | None) -> None:
        if field not in _FIELDS:
            raise self.error(unknown_field(field, _FIELDS, _PARAMETERS))
        if self._parts and (field == "archive" or not self.sent_singly):
            raise self.error("the form has another field beside `archive`")
        if self._parts == self._max_files:
            raise self.error(f"the form has more than {self._max_files:,} files, the limit of one request")
        self._parts += 1
        self.sent_singly = field == "file"
        self._may_be_text = field if filename is None else None
        if self.sent_singly:
            self._spool.begin(filename or "image")

    def write_part(self, data: bytes) -> None:
        if self._may_be_text is None:
            self._file.write(data)
            return
        self._beginning += data
        if len(self._beginning) >= TEXT_BYTES:
            self._write_beginning(self._may_be_text)

    def end_part(self) -> None:
        if self._may_be_text is not None:
            self._write_beginning(self._may_be_text)
        if self.sent_singly:
            self._spool.end()

    def _write_beginning(self, field: str) -> None:
        if (mistake := holds_text(field, self._beginning)) is not None:
            raise self.error(mistake)
        self._file.write(self._beginning)
        self._may_be_text, self._beginning = None, b""

    def close(self) -> None:
        super().close()
        if self._parts == 0:
            raise self.error("the form is empty")

    def members(self, limits: Limits) -> Iterator[Member]:
        return spooled_members(self._file, limits) if self.sent_singly else archive_members(self._file, limits)


def archive_members(file: BinaryIO, limits: Limits) -> Iterator[Member]:
    """All members; the format is recognized by the content. Raises InvalidArchive."""
    try:
        return open_archive(file, limits).members
    except UnsupportedFormat as error:
        raise UnsupportedFormat(f"{error}; {HINT}; one image: POST /predict") from error


async def receive_batch(
    request: Request, file: BinaryIO, max_bytes: int, max_files: int, limiter: CapacityLimiter
) -> BatchUpload:
    """Have threads of `limiter` write the body to `file`. Raises the errors of `write_body`, and StorageFull."""
    content_type = request.headers.get("content-type", "")
    form = BatchForm(content_type, file, max_files) if is_form(content_type) else None
    upload = BatchUpload(file) if form is None else form

    def write(data: bytes) -> None:
        with storage_errors(STORED):
            upload.write(data)

    def close() -> None:
        upload.close()
        with storage_errors(STORED):
            file.flush()

    await write_body(request, write, max_bytes, 0 if form is None else max_files * _PART_BYTES, limiter)
    await to_thread.run_sync(close, limiter=limiter)
    return upload
