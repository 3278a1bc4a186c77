"""The entries of a tar, read as one stream."""

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, cast

from worker.conversion.errors import RefusedArchive
from worker.conversion.names import shown

_MAX_RATIO = 100
_RATIO_FREE_BYTES = 10_000_000
_HEADERS_FACTOR = 2  # small files are padded to blocks of 512 bytes, with a header of one block each
_END_BYTES = 1024
_PIECE = 1 << 16
TarEntry = tuple[str, bool, Callable[[], IO[bytes]]]


class _Counted:
    """What tarfile reads, counted: also that of headers, padding, and members that are passed over."""

    def __init__(self, file: IO[bytes], most: float) -> None:
        self._file = file
        self._most = most
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._read += len(data)
        if self._read > self._most:
            raise RefusedArchive(f"it unpacks to more than {self._most:,.0f} bytes, more than its size makes likely")
        return data


@contextmanager
def entries_of_tar(path: Path, gzipped: bool, max_bytes: int) -> Iterator[Iterator[TarEntry]]:
    """Raises RefusedArchive for what is broken, and for every kind of entry but files and folders."""
    size = path.stat().st_size
    likely = max(_RATIO_FREE_BYTES, _MAX_RATIO * size) if gzipped else size
    try:
        with path.open("rb") as raw:
            file = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if gzipped else raw
            if not gzipped:
                _reject_cut_short(raw, size)
            stream = _Counted(file, min(likely, _HEADERS_FACTOR * max_bytes))
            with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|") as tar:
                yield _entries(tar)
            while stream.read(_PIECE):  # gzip checks its sum at the end
                pass
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, ValueError, OverflowError) as error:
        raise RefusedArchive(f"the tar is broken or cut short: {error}") from error


def _reject_cut_short(raw: IO[bytes], size: int) -> None:
    raw.seek(max(0, size - _END_BYTES))
    if any(raw.read(_END_BYTES)):
        raise RefusedArchive("the tar is cut short: it does not end with two empty blocks")
    raw.seek(0)


def _entries(tar: tarfile.TarFile) -> Iterator[TarEntry]:
    while (info := tar.next()) is not None:
        if not (info.isreg() or info.isdir()) or info.issparse() or info.type == tarfile.CONTTYPE:
            raise RefusedArchive(f"{shown(info.name)} is a link, a device, a pipe or sparse, not a plain file")
        if info.size < 0:
            raise RefusedArchive(f"{shown(info.name)} has a size below zero")
        yield info.name, info.isdir(), partial(_content, tar, info)
        tar.members.clear()  # type: ignore[attr-defined]  # or it would keep all of them


def _content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(info)
    assert file is not None  # noqa: S101 - it is a file
    return file
