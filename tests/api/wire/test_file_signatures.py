import io
import tarfile
import zipfile

import pytest

from api.wire.batch_upload import BatchUpload
from api.wire.body import BadRequestBody
from api.wire.file_signatures import begins_as_json, check_unharmed, text_of
from api.wire.uploads import RawUpload
from imaging.formats import begins_as_image


def zipped() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a/0.png", b"\x89PNG")
    return data.getvalue()


def tarred() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a/0.png"))
    return data.getvalue()


@pytest.mark.parametrize("archive", [zipped(), tarred()], ids=["zip", "tar.gz"])
def test_upload_without_line_breaks_is_rejected(archive: bytes) -> None:
    for upload in (BatchUpload(io.BytesIO()), RawUpload({"name": "flowers"}, io.BytesIO())):
        upload.write(archive)
        upload.close()
    for upload in (BatchUpload(io.BytesIO()), RawUpload({"name": "flowers"}, io.BytesIO())):
        with pytest.raises(BadRequestBody, match="lost its line breaks and zero bytes"):
            upload.write(archive.translate(None, b"\r\n\0"))


def test_other_bytes_are_unharmed() -> None:
    for data in (b"", b"text", b"PK", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\0"):
        check_unharmed(data, "x")


def test_kinds_are_told_apart() -> None:
    assert begins_as_image(b"RIFF\0\0\0\0WEBPVP8 ")
    assert not begins_as_image(b"RIFF\0\0\0\0WAVEfmt ")
    assert begins_as_json(b'\xef\xbb\xbf\n {"a": 1}')
    assert not begins_as_json(b"name: x")
    assert text_of("\u00e4".encode()) == "\u00e4"
    assert text_of(b"x\xc3") == "x"
    assert [text_of(data) for data in (b"a\0b", b"", b"\xff\xd8", b"a\xc3a")] == [None] * 4
