import io

import pytest

from api.wire.batch_upload import BatchForm
from api.wire.body import BadRequestBody
from archives.member import Limits
from tests.support.archives import tar_of

FILES = {"a.png": b"\x89PNG" * 100, "b.png": b""}
LIMITS = Limits(entries=10, bytes=100_000, file_bytes=100_000)


def written(body: bytes, piece_bytes: int, boundary: str = "b-1") -> BatchForm:
    form = BatchForm(f"multipart/form-data; boundary={boundary}", io.BytesIO(), 10)
    for start in range(0, len(body), piece_bytes):
        form.write(body[start : start + piece_bytes])
    form.close()
    return form


def form_of(field: str, *contents: bytes) -> bytes:
    head = f'--b-1\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n'.encode()
    return b"".join(head + content + b"\r\n" for content in contents) + b"--b-1--\r\n"


@pytest.mark.parametrize("piece_bytes", [1, 7, 150, 100_000])
def test_unnamed_file_is_recognized_in_any_pieces(piece_bytes: int) -> None:
    """The first bytes of a tar are the name of a file."""
    archive = written(form_of("archive", tar_of(FILES)), piece_bytes)
    images = written(form_of("file", *FILES.values()), piece_bytes)

    contents = {member.name: member.read() for member in archive.members(LIMITS) if member.name in FILES}
    assert contents == FILES
    assert [member.read() for member in images.members(LIMITS)] == list(FILES.values())


@pytest.mark.parametrize("piece_bytes", [1, 7, 150, 100_000])
@pytest.mark.parametrize("text", ["a.png", "aé" * 200])
def test_text_is_rejected_in_any_pieces(text: str, piece_bytes: int) -> None:
    with pytest.raises(BadRequestBody, match=f'`archive` holds text, not a file: "{text[:5]}'):
        written(form_of("archive", text.encode()), piece_bytes)
