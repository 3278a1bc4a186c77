"""Tar archives, gzipped or not, read as one stream.

The standard library's reader holds an extended header in memory, regardless of the length that it states; here it only
parses the fields of a header.
"""

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, cast

from archives.errors import InvalidArchive
from archives.member import MAX_RATIO, PIECE_BYTES, Budget, Kind, Member
from archives.name_encodings import decode_name
from archives.names import quote

_BLOCK = tarfile.BLOCKSIZE
# POSIX pax and GNU extensions hold a name and some numbers.
_MAX_EXTENSION = 1 << 16
_PAX = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_EXTENSIONS = (*_PAX, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_KINDS: dict[bytes, Kind] = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "folder"}
_WITHOUT_CONTENT = (
    tarfile.LNKTYPE,
    tarfile.SYMTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.DIRTYPE,
    tarfile.FIFOTYPE,
)
# Of the whole stream: each small file has a header of a block, and is padded to blocks.
_HEADERS_FACTOR = 2
_RATIO_FREE_BYTES = 10_000_000


class _Extension(NamedTuple):
    """What extended headers say about the file behind them; None leaves it to its own header."""

    name: str | None = None
    size: int | None = None
    is_sparse: bool = False


def read_tar(file: BinaryIO, is_gzipped: bool, budget: Budget, encoding: str | None) -> Iterator[Member]:
    """All members in order. Names are UTF-8 unless the sender named another `encoding`. Raises InvalidArchive."""
    stream = _Stream(file, is_gzipped, _HEADERS_FACTOR * budget.limits.bytes)
    extension = _Extension()
    while (header := stream.read_header()) is not None:
        if header.type in _EXTENSIONS:
            extension = _extend(extension, header.type, stream.read_extension(header.size), encoding)
            continue
        budget.count_entry()
        name = _decode(_encode(header.name), encoding) if extension.name is None else extension.name
        size = header.size if extension.size is None else extension.size
        if header.type == tarfile.GNUTYPE_SPARSE:
            raise InvalidArchive(f"{quote(name)} is sparse, not a plain file")
        stream.begin(0 if header.type in _WITHOUT_CONTENT else size)
        kind: Kind = "special" if extension.is_sparse else _KINDS.get(header.type, "special")
        yield Member(name, kind, budget.bound(stream.read_pieces()))
        stream.skip()
        extension = _Extension()
    stream.drain()


def is_tar_header(block: bytes) -> bool:
    """Whether `block`, the first bytes of a file, is a header: by its signature, or, of the oldest tars, which have
    none, by its checksum."""
    if block[257:262] == b"ustar":
        return True
    try:
        return bool(tarfile.TarInfo.frombuf(block[:_BLOCK], "utf-8", "surrogateescape").name)
    except (tarfile.TarError, ValueError, OverflowError):
        return False


def _extend(extension: _Extension, kind: bytes, data: bytes, encoding: str | None) -> _Extension:
    if kind == tarfile.GNUTYPE_LONGNAME:
        return extension._replace(name=_decode(data.partition(b"\0")[0], encoding))
    if kind not in _PAX:
        return extension
    for key, value in _read_pax(data):
        if key == b"path":
            extension = extension._replace(name=_decode(value, None))
        elif key == b"size" and value.isdigit() and len(value) <= 20:
            extension = extension._replace(size=int(value))
        elif key.startswith(b"GNU.sparse."):
            extension = extension._replace(is_sparse=True)
    return extension


def _read_pax(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Records such as `19 path=digits/1.png`, each with its length in front and a line feed behind."""
    while data:
        stated, _, _ = data[:20].partition(b" ")
        if not stated.isdigit() or not len(stated) < int(stated) <= len(data):
            raise InvalidArchive("the tar is broken: an extended header does not parse")
        key, _, value = data[len(stated) + 1 : int(stated) - 1].partition(b"=")
        yield key, value
        data = data[int(stated) :]


def _decode(name: bytes, encoding: str | None) -> str:
    return decode_name(name, encoding, is_utf8=encoding is None)[0]


def _encode(name: str) -> bytes:
    """The bytes in the header, which `tarfile` has decoded."""
    return name.encode("utf-8", "surrogateescape")


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, ValueError, OverflowError) as error:
        raise InvalidArchive(f"the tar is broken or cut short: {error}") from error


class _Stream:
    """Headers, and between them content that is read or skipped. Every byte that is read counts."""

    def __init__(self, file: BinaryIO, is_gzipped: bool, max_bytes: int) -> None:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        self._file = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if is_gzipped else file
        self._max_bytes = min(max_bytes, max(_RATIO_FREE_BYTES, MAX_RATIO * size))
        self._bytes = 0
        self._left = 0
        self._padding = 0

    def read_header(self) -> tarfile.TarInfo | None:
        """None at the end."""
        block = self._read(_BLOCK)
        if block == bytes(_BLOCK):
            return None
        with _reading():
            return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")

    def read_extension(self, length: int) -> bytes:
        if length > _MAX_EXTENSION:
            raise InvalidArchive(f"the tar is broken: it states an extended header of {length:,} bytes")
        self.begin(length)
        data = b"".join(self.read_pieces())
        self.skip()
        return data

    def begin(self, length: int) -> None:
        if length < 0:
            raise InvalidArchive("the tar is broken: it states a negative size")
        self._left, self._padding = length, -length % _BLOCK

    def read_pieces(self) -> Iterator[bytes]:
        while self._left > 0:
            piece = self._read(min(PIECE_BYTES, self._left))
            self._left -= len(piece)
            yield piece

    def skip(self) -> None:
        """The rest of the content."""
        for _ in self.read_pieces():
            pass
        if self._padding:
            self._read(self._padding)

    def drain(self) -> None:
        """To the end, where gzip has its checksum."""
        with _reading():
            while piece := self._file.read(PIECE_BYTES):
                self._count(piece)

    def _read(self, length: int) -> bytes:
        with _reading():
            data = self._file.read(length)
        self._count(data)
        if len(data) < length:
            raise InvalidArchive("the tar is cut short: it does not end with an empty block")
        return data

    def _count(self, data: bytes) -> None:
        self._bytes += len(data)
        if self._bytes > self._max_bytes:
            raise InvalidArchive(f"the tar unpacks to more than {self._max_bytes:,} bytes, more than its size explains")
