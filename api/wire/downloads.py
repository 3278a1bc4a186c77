"""Files as answers."""

import os
from collections.abc import Iterator, Mapping
from typing import IO

from fastapi.responses import StreamingResponse

_PIECE_BYTES = 1 << 18


def download(file: IO[bytes], name: str, media_type: str, headers: Mapping[str, str]) -> StreamingResponse:
    """`file` as long as it is now, to be saved as `name`: ASCII, without quotes. It is closed at the end."""
    file.seek(0, os.SEEK_END)
    size = file.tell()
    length = {"Content-Length": str(size), "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_pieces(file, size), media_type=media_type, headers={**headers, **length})


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(min(size, _PIECE_BYTES)):
            yield piece
            size -= len(piece)
