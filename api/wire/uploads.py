"""Uploads of a dataset: the archive goes to one file in pieces, sent as a form or as the body itself."""

from typing import BinaryIO

from starlette.requests import Request

from api.wire.body import BadRequestBody, write_body
from api.wire.file_signatures import check_archive
from api.wire.forms import StreamedForm, is_form, unknown_field

_FIELDS = ("name", "archive")
_FORM_BYTES = 10_000  # of a form, beside the archive
_MAX_NAME_BYTES = 200
_HINT = "send a form with `name` and `archive`, as in curl -F name=flowers -F archive=@flowers.zip"


class UploadForm(StreamedForm):
    """Writes the field `archive` to `file`, and keeps the field `name`, which may be in the URL instead."""

    def __init__(self, content_type: str, name: str | None, file: BinaryIO) -> None:
        super().__init__(content_type, _HINT)
        self._file = file
        self._field = ""
        self._name_in_url = name
        self._name = bytearray()
        self._fields: set[str] = set()

    @property
    def name(self) -> str:
        return self._name.decode(errors="replace") or self._name_in_url or ""

    def close(self) -> None:
        super().close()
        if missing := ({"archive"} if self._name_in_url else {"name", "archive"}) - self._fields:
            raise self.error(f"the form has no field `{min(missing)}`")
        if self._name_in_url not in (None, self.name):
            raise self.error(f"the name is {self._name_in_url[:60]!r} in the URL, and {self.name[:60]!r} in the form")

    def begin_part(self, field: str, filename: str | None) -> None:
        if field not in _FIELDS:
            raise self.error(unknown_field(field, _FIELDS))
        if field in self._fields:
            raise self.error(f"the form has two fields `{field}`")
        self._field = field
        self._fields.add(field)

    def write_part(self, data: bytes) -> None:
        if self._field == "archive":
            self._file.write(data)
            return
        self._name += data
        if len(self._name) > _MAX_NAME_BYTES:
            raise self.error(f"the form field `name` is longer than {_MAX_NAME_BYTES} bytes")


class RawUpload:
    """The body is the archive; its name is in the URL."""

    def __init__(self, name: str | None, file: BinaryIO) -> None:
        if not name:
            raise BadRequestBody(f"the upload has no name: add ?name=flowers to the URL, or {_HINT}")
        self.name = name
        self._file = file

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def close(self) -> None:
        if self._file.tell() == 0:
            raise BadRequestBody(f"the body is empty; {_HINT}")
        check_archive(self._file)


async def receive_archive(request: Request, name: str | None, file: BinaryIO, max_bytes: int) -> str:
    """Write the archive to `file` and return the name that was sent. Raises the errors of `write_body`."""
    content_type = request.headers.get("content-type", "")
    is_sent_as_form = is_form(content_type)
    upload = UploadForm(content_type, name, file) if is_sent_as_form else RawUpload(name, file)
    await write_body(request, upload.write, max_bytes, _FORM_BYTES if is_sent_as_form else 0)
    upload.close()
    return upload.name
