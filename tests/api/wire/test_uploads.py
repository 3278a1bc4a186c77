import io

import pytest

from api.wire.body import BadRequestBody
from api.wire.uploads import UploadForm
from models_store.errors import InvalidState

IN_URL = dict.fromkeys(("name", "layout", "names", "field"))


def part(field: str, value: str) -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()


def reject_flowers(name: str) -> None:
    if name == "flowers":
        raise InvalidState("dataset flowers exists already")


def form(file: io.BytesIO) -> UploadForm:
    return UploadForm("multipart/form-data; boundary=b", IN_URL, file, reject_flowers)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("name", "flowers", InvalidState),
        ("layout", "cvs", BadRequestBody),
        ("names", "klingon", BadRequestBody),
        ("field", "0", BadRequestBody),
    ],
)
def test_field_is_checked_before_the_archive(field: str, value: str, error: type[Exception]) -> None:
    head = part(field, value) + b'--b\r\nContent-Disposition: form-data; name="archive"; filename="a.zip"\r\n\r\n'
    file = io.BytesIO()
    with pytest.raises(error):
        form(file).write(head + b"PK")
    assert file.getvalue() == b""


def test_field_behind_the_archive_is_checked() -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="archive"; filename="a.zip"\r\n\r\nPK\r\n'
    with pytest.raises(InvalidState):
        form(io.BytesIO()).write(body + part("name", "flowers") + b"--b--\r\n")
