"""The files of a tar, gzipped or not, read as one stream.

The standard library's reader takes the whole of a header's extension into memory, whatever length it states; this one
leaves to it only the header's fields.
"""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from archives.member import PIECE_BYTES, BrokenArchive, Budget, Member

_BLOCK = tarfile.BLOCKSIZE
# POSIX pax and GNU extensions hold a name and some figures.
_MAX_EXTENSION = 1 << 16
_EXTENSIONS = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_WITHOUT_CONTENT = (
    tarfile.LNKTYPE,
    tarfile.SYMTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.DIRTYPE,
    tarfile.FIFOTYPE,
)


def tar_members(file: BinaryIO, is_gzipped: bool, budget: Budget) -> Iterator[Member]:
    """Its files in order; links, devices and folders are passed over. Raises BrokenArchive."""
    file.seek(0)
    unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if is_gzipped else file
    stream = _Stream(unpacked, budget)
    name, size = "", -1
    while (header := stream.header()) is not None:
        if header.type in _EXTENSIONS:
            name, size = _extended(stream, header, name, size)
            continue
        budget.count_entry()
        if header.type == tarfile.GNUTYPE_SPARSE:
            raise BrokenArchive(f"{header.name[:80]!r} is a sparse file, which is not read here")
        stream.begin(0 if header.type in _WITHOUT_CONTENT else header.size if size < 0 else size)
        if header.type in _FILES:
            yield Member(name or header.name, stream.pieces())
        stream.skip()
        name, size = "", -1
    stream.drain()


def _extended(stream: "_Stream", header: tarfile.TarInfo, name: str, size: int) -> tuple[str, int]:
    """The name and the size of the file behind the extension, as far as it tells of them."""
    if header.size > _MAX_EXTENSION:
        raise BrokenArchive(f"the tar is broken: a name in it is said to take {header.size:,} bytes")
    stream.begin(header.size)
    data = b"".join(stream.pieces())
    stream.skip()
    if header.type == tarfile.GNUTYPE_LONGLINK:
        return name, size
    if header.type == tarfile.GNUTYPE_LONGNAME:
        return data.partition(b"\0")[0].decode(errors="replace"), size
    values = dict(_pax(data))
    stated = values.get(b"size", b"")
    return values[b"path"].decode(errors="replace") if b"path" in values else name, (
        int(stated) if stated.isdigit() and len(stated) <= 20 else size
    )


def _pax(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Records such as `19 path=digits/1.png`, each with its length in front and a line's end behind."""
    while data:
        stated, _, _ = data[:20].partition(b" ")
        if not stated.isdigit() or not len(stated) < int(stated) <= len(data):
            raise BrokenArchive("the tar is broken: an extended header in it does not parse")
        key, _, value = data[len(stated) + 1 : int(stated) - 1].partition(b"=")
        yield key, value
        data = data[int(stated) :]


@contextmanager
def _broken() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, ValueError, OverflowError) as error:
        raise BrokenArchive(f"the tar is broken or cut short: {error}") from error


class _Stream:
    """Headers, and between them content that is read or passed over. Whatever is read, counts."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._file = file
        self._budget = budget
        self._left = 0
        self._padding = 0

    def header(self) -> tarfile.TarInfo | None:
        """None at the end."""
        block = self._read(_BLOCK)
        if block == bytes(_BLOCK):
            return None
        with _broken():
            return tarfile.TarInfo.frombuf(block, "utf-8", "replace")

    def begin(self, length: int) -> None:
        if length < 0:
            raise BrokenArchive("the tar is broken: a file in it has a size below zero")
        self._left, self._padding = length, -length % _BLOCK

    def pieces(self) -> Iterator[bytes]:
        while self._left > 0:
            piece = self._read(min(PIECE_BYTES, self._left))
            self._left -= len(piece)
            yield piece

    def skip(self) -> None:
        """What is left of the content."""
        for _ in self.pieces():
            pass
        if self._padding:
            self._read(self._padding)

    def drain(self) -> None:
        """Up to the end, where gzip has its checksum."""
        with _broken():
            while piece := self._file.read(PIECE_BYTES):
                self._budget.spend(len(piece))

    def _read(self, length: int) -> bytes:
        with _broken():
            data = self._file.read(length)
        self._budget.spend(len(data))
        if len(data) < length:
            raise BrokenArchive("the tar is cut short: it does not end with an empty block")
        return data
