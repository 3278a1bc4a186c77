"""Uploads of a dataset: the archive goes to one file in pieces, sent as a form or as the body itself."""

import os
import re
from collections.abc import Callable, Mapping
from typing import BinaryIO, NamedTuple, get_args

from starlette.requests import Request

from api.wire.body import BadRequestBody, write_body
from api.wire.file_signatures import check_unharmed, text_of
from api.wire.forms import StreamedForm, is_form, unknown_field
from archives.errors import UnsupportedFormat
from archives.name_encodings import find_encoding
from archives.reader import FORMAT_BYTES, find_format
from imaging.format_names import describe_format
from imaging.formats import begins_as_image
from models_store.datasets.record import Layout, UploadOptions

_PARQUET = b"PAR1"
_NUMBER = re.compile("[0-9]+")
_MIN_NUMBERS = 32  # in the first bytes of a table with a column for each pixel, or of one that lists them
_MAX_NAME_FIELD = 20
_FORM_BYTES = 10_000  # of a form, beside the archive
_MAX_FIELD_BYTES = 200
_FIELDS = ("name", "layout", "names", "field")
_HINT = "send a form with `name` and `archive`, as in curl -F name=flowers -F archive=@flowers.zip"


class Upload(NamedTuple):
    """What an upload says of its archive."""

    name: str
    options: UploadOptions


class UploadForm(StreamedForm):
    """Writes the field `archive` to `file`, and keeps the other fields, each of which may be in the URL instead, and is
    checked as soon as it is complete, so that an archive behind it is not sent in vain."""

    def __init__(
        self, content_type: str, in_url: Mapping[str, str | None], file: BinaryIO, check_name: Callable[[str], object]
    ) -> None:
        """`check_name` raises an error for a name that a dataset cannot have."""
        super().__init__(content_type, _HINT)
        self._file = file
        self._check_name = check_name
        self._field = ""
        self._in_url = in_url
        self._received: dict[str, bytearray] = {}

    def value(self, field: str) -> str:
        """Of a field other than `archive`; empty if it was not sent."""
        return self._received.get(field, bytearray()).decode(errors="replace") or self._in_url[field] or ""

    def close(self) -> None:
        super().close()
        needed = {"archive"} if self._in_url["name"] else {"name", "archive"}
        if missing := needed - self._received.keys():
            raise self.error(f"the form has no field `{min(missing)}`")
        for field in _FIELDS:
            in_url, value = self._in_url[field], self.value(field)
            if in_url not in (None, value):
                raise self.error(f"the {field} is {in_url[:60]!r} in the URL, and {value[:60]!r} in the form")

    def begin_part(self, field: str, filename: str | None) -> None:
        if field not in ("archive", *_FIELDS):
            raise self.error(unknown_field(field, ("archive", *_FIELDS)))
        if field in self._received:
            raise self.error(f"the form has two fields `{field}`")
        self._field = field
        self._received[field] = bytearray()

    def write_part(self, data: bytes) -> None:
        if self._field == "archive":
            self._file.write(data)
            return
        self._received[self._field] += data
        if len(self._received[self._field]) > _MAX_FIELD_BYTES:
            raise self.error(f"the form field `{self._field}` is longer than {_MAX_FIELD_BYTES} bytes")

    def end_part(self) -> None:
        if self._field == "name":
            self._check_name(self.value("name"))
        elif self._field != "archive":
            parse_options(self.value("layout"), self.value("names"), self.value("field"))


class RawUpload:
    """The body is the archive; what else there is to say is in the URL."""

    def __init__(self, in_url: Mapping[str, str | None], file: BinaryIO) -> None:
        if not in_url["name"]:
            raise BadRequestBody(f"the upload has no name: add ?name=flowers to the URL, or {_HINT}")
        self._in_url = in_url
        self._file = file

    def value(self, field: str) -> str:
        return self._in_url[field] or ""

    def write(self, data: bytes) -> None:
        if self._file.tell() == 0:
            check_unharmed(data, "flowers.zip")
        self._file.write(data)

    def close(self) -> None:
        if self._file.tell() == 0:
            raise BadRequestBody(f"the body is empty; {_HINT}")


def parse_options(layout: str | None, names: str | None, field: str | None) -> UploadOptions:
    """Raises BadRequestBody."""
    number = int(field) if field and re.fullmatch("0*[0-9]{1,2}", field) else 0
    if field and not 1 <= number <= _MAX_NAME_FIELD:
        raise BadRequestBody(
            f"the field is {field[:50]!r}; expected the number of the part of a file name that is the class, from 1 to "
            f"{_MAX_NAME_FIELD}, such as 2 for cat in 0017_cat.jpg"
        )
    if field and layout and layout != "filenames":
        raise BadRequestBody(
            f"a field is a part of file names; expected the layout filenames with it, not {layout[:50]!r}"
        )
    if layout and layout not in get_args(Layout):
        raise BadRequestBody(f"unknown layout {layout[:50]!r}; expected one of {', '.join(get_args(Layout))}")
    if names and find_encoding(names) is None:
        raise BadRequestBody(
            f"{names[:50]!r} is no encoding of file names; expected one such as utf-8, gbk, shift_jis, big5, euc_kr, "
            "cp1252 or cp850"
        )
    return UploadOptions.model_validate(
        {"layout": "filenames" if field else layout or "auto", "names": names or None, "field": number or None}
    )


async def receive_archive(
    request: Request,
    in_url: Mapping[str, str | None],
    file: BinaryIO,
    max_bytes: int,
    check_name: Callable[[str], object],
    count: Callable[[int], None] = lambda _: None,
) -> Upload:
    """Write the archive to `file` and return what was sent with it, in a form or `in_url`, of which the caller has
    checked the name. `count` is called with the bytes of it that each piece had. Raises the errors of `write_body`,
    `check_name` and `count`, and UnsupportedFormat for other formats than those of archives, parquet and tables of
    pixels."""
    content_type = request.headers.get("content-type", "")
    is_sent_as_form = is_form(content_type)
    upload = UploadForm(content_type, in_url, file, check_name) if is_sent_as_form else RawUpload(in_url, file)

    def write(data: bytes) -> None:
        before = file.tell()
        upload.write(data)
        count(file.tell() - before)

    await write_body(request, write, max_bytes, _FORM_BYTES if is_sent_as_form else 0)
    upload.close()
    _check_format(file)
    return Upload(
        upload.value("name"), parse_options(upload.value("layout"), upload.value("names"), upload.value("field"))
    )


def _check_format(file: BinaryIO) -> None:
    """`file` is read at its beginning, and is at its end afterwards. Raises UnsupportedFormat."""
    file.seek(0)
    start = file.read(FORMAT_BYTES)
    file.seek(0, os.SEEK_END)
    if start.startswith(_PARQUET) or _may_hold_pixels(start):
        return
    try:
        find_format(start)
    except UnsupportedFormat as error:
        found = "an image" if begins_as_image(start) else describe_format(start)
        raise UnsupportedFormat(f"{error}{f', but {found}' if found else ''}; {_HINT}") from error


def _may_hold_pixels(start: bytes) -> bool:
    """Whether it is a table of text with many numbers. A worker finds out what they are."""
    text = text_of(start)
    return text is not None and any(each in text for each in ",;\t") and len(_NUMBER.findall(text)) >= _MIN_NUMBERS
