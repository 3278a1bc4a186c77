"""Archives to upload: files as they are, folders zipped on the way."""

import contextlib
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

Archive = str | os.PathLike[str] | bytes | BinaryIO


@contextlib.contextmanager
def open_archive(archive: Archive) -> Iterator[BinaryIO]:
    """A seekable file. A folder becomes a zip in a temporary file: without hidden files, and with images stored as
    they are, because they hardly get smaller."""
    if isinstance(archive, bytes):
        yield io.BytesIO(archive)
    elif not isinstance(archive, str | os.PathLike):
        with _make_seekable(archive) as file:
            yield file
    elif Path(archive).is_dir():
        with tempfile.TemporaryFile() as file:
            _zip_folder(Path(archive), file)
            yield file
    else:
        with Path(archive).open("rb") as file:
            yield file


@contextlib.contextmanager
def _make_seekable(file: BinaryIO) -> Iterator[BinaryIO]:
    if file.seekable():
        yield file
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        yield cast(BinaryIO, copy)


def _zip_folder(folder: Path, file: BinaryIO) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") for part in name.parts):
                archive.write(path, name.as_posix())


def length_of(file: BinaryIO) -> int:
    """In bytes; the file is at its beginning afterwards."""
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    return length
