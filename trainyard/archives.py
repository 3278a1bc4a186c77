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

from trainyard.errors import UploadError

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
    """Symbolic links are followed. Raises UploadError, naming what cannot be packed."""
    with zipfile.ZipFile(file, "w", strict_timestamps=False) as archive:
        for path in _walk(folder):
            name = path.relative_to(folder).as_posix()
            try:
                name.encode()
            except UnicodeEncodeError:
                raise UploadError(f"the name {name!r} is not UTF-8; rename it") from None
            try:
                archive.write(path, name)
            except OSError as error:
                raise UploadError(f"{path} cannot be read: {error.strerror or error}") from error


def _walk(folder: Path) -> Iterator[Path]:
    """All files that are not hidden, and folders without any, in order. Raises UploadError for a link that leads back
    to a folder around it, also through other links: such a tree has no end."""

    def fail(error: OSError) -> None:
        raise UploadError(f"{error.filename} cannot be read: {error.strerror}") from error

    # For each folder that is still to be walked, itself and those around it, on the way to it as well as on disk.
    around = {folder: _with_parents(folder)}
    for top, folders, files in os.walk(folder, onerror=fail, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = Path(top)
        outer = around.pop(inside)
        visible = sorted(name for name in files if not name.startswith("."))
        if not folders and not visible and inside != folder:
            yield inside
        for name in folders:
            path = inside / name
            if path.is_symlink() and path.resolve() in outer:
                raise UploadError(f"{path} leads back to {path.resolve()}, a folder around it; remove the link")
            around[path] = outer | _with_parents(path)
        for name in visible:
            path = inside / name
            if not path.exists():
                raise UploadError(f"{path} links to {path.readlink()}, which is missing; remove the link")
            if path.is_file():
                yield path


def _with_parents(folder: Path) -> frozenset[Path]:
    real = folder.resolve()
    return frozenset((real, *real.parents))


def length_of(file: BinaryIO) -> int:
    """In bytes; the file is at its beginning afterwards."""
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    return length
