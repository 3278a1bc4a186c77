"""Zip archives, read one directory entry at a time.

The standard library's reader creates an object for each entry before it returns the first: hundreds of bytes for each
46 bytes of the archive.
"""

import os
import stat
import struct
import zlib
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import BinaryIO, NamedTuple

from archives.errors import InvalidArchive, UnreadableMember
from archives.member import PIECE_BYTES, Budget, Kind, Member
from archives.name_encodings import decode_name
from archives.names import quote

# PKWARE's APPNOTE.TXT 6.3.10: 4.3.16, 4.3.15, 4.3.14, 4.3.12 and 4.3.7.
_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_MAX_COMMENT = 0xFFFF
_SEE_64 = 0xFFFFFFFF
_EXTRA_64 = 1
_EXTRA_UTF8_NAME = 0x7075  # Info-ZIP's: version, CRC of the name in the header, name in UTF-8
_UTF8_NAME = struct.Struct("<BL")
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UTF8 = 0x800
_STORED, _DEFLATED = 0, 8
_KINDS: dict[int, Kind] = {0: "file", stat.S_IFREG: "file", stat.S_IFDIR: "folder"}


class _Directory(NamedTuple):
    """Its offsets in the file; `shift` is the number of bytes in front of the archive."""

    entries: int
    start: int
    end: int
    shift: int


class _Entry(NamedTuple):
    """`next_position` is that of the entry behind it in the directory; `offset` and `end` are those of its data."""

    name: str
    kind: Kind
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    offset: int
    next_position: int
    is_name_known: bool
    is_name_stated: bool

    @property
    def end(self) -> int:
        return self.offset + _LOCAL.size + self.packed


def read_zip(file: BinaryIO, budget: Budget, encoding: str | None) -> tuple[int, Iterator[Member]]:
    """The stated number of entries, and all members in the order of the directory. Raises InvalidArchive, also while
    the members are iterated."""
    directory = _find_directory(file)
    budget.check_entries(directory.entries)
    return directory.entries, _read_members(file, directory, budget, encoding)


def _read_members(file: BinaryIO, directory: _Directory, budget: Budget, encoding: str | None) -> Iterator[Member]:
    previous: _Entry | None = None
    is_checked = False
    for entry in _read_entries(file, directory, encoding):
        budget.count_entry()
        if previous is not None and entry.offset < previous.offset and not is_checked:
            # Not in the order of the data: neighbors are known only after all entries have been read.
            _reject_overlaps(file, directory, budget, encoding)
            is_checked = True
        if not is_checked:
            _reject_overlap(previous, entry)
        if entry.end > directory.start:
            raise InvalidArchive(f"the zip is broken: {quote(entry.name)} overlaps its directory")
        previous = entry
        pieces = budget.bound(_read_content(file, entry), entry.packed)
        yield Member(entry.name, entry.kind, pieces, entry.is_name_known, entry.is_name_stated)


def _reject_overlap(first: _Entry | None, second: _Entry) -> None:
    """Members that share bytes turn a small archive into a large one without any suspicious member."""
    if first is not None and first.end > second.offset:
        raise InvalidArchive(f"{quote(second.name)} overlaps {quote(first.name)}")


def _reject_overlaps(file: BinaryIO, directory: _Directory, budget: Budget, encoding: str | None) -> None:
    spans = []
    position = directory.start
    for entry in _read_entries(file, directory, encoding):
        spans.append((entry.offset, entry.end, position))
        budget.check_entries(len(spans))
        position = entry.next_position
    spans.sort()
    for (_, end, first), (offset, _, second) in pairwise(spans):
        if end > offset:
            _reject_overlap(*(_read_entry(_Window(file), each, directory, encoding) for each in (first, second)))


class _Window:
    """The piece of the file that was read last, so that small reads in a row cost one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = 0
        self._data = b""

    def read(self, position: int, length: int) -> bytes:
        """Raises InvalidArchive at the end of the file."""
        at = position - self._start
        if at < 0 or at + length > len(self._data):
            self._data = _read(self._file, position, max(length, PIECE_BYTES))
            self._start, at = position, 0
        if len(self._data) < at + length:
            raise InvalidArchive("the zip is cut short")
        return self._data[at : at + length]


def _find_directory(file: BinaryIO) -> _Directory:
    size = file.seek(0, os.SEEK_END)
    tail_start = max(0, size - _END.size - _MAX_COMMENT)
    tail = _read(file, tail_start, size - tail_start)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise InvalidArchive("the zip is cut short: it does not end with a directory")
    _, _, _, _, entries, length, offset, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    if end >= _END64_LOCATOR.size + _END64.size:
        window = _Window(file)
        signature, *_ = _END64_LOCATOR.unpack(window.read(end - _END64_LOCATOR.size, _END64_LOCATOR.size))
        if signature == b"PK\6\7":
            end -= _END64_LOCATOR.size + _END64.size
            signature, *_, entries, length, offset = _END64.unpack(window.read(end, _END64.size))
            if signature != b"PK\6\6":
                raise InvalidArchive("the zip is broken: its 64-bit directory is missing")
    start = end - length
    if start < 0 or start < offset:
        raise InvalidArchive("the zip is cut short: its directory does not fit into it")
    return _Directory(entries, start, end, start - offset)


def _read_entries(file: BinaryIO, directory: _Directory, encoding: str | None) -> Iterator[_Entry]:
    window = _Window(file)
    position = directory.start
    while position < directory.end:
        entry = _read_entry(window, position, directory, encoding)
        position = entry.next_position
        yield entry


def _read_entry(window: _Window, position: int, directory: _Directory, encoding: str | None) -> _Entry:
    (
        signature, _, _, flags, method, _, _, crc, packed, unpacked, name_length, extra_length, comment_length, _, _,
        attributes, offset,
    ) = _ENTRY.unpack(window.read(position, _ENTRY.size))  # fmt: skip
    if signature != b"PK\1\2":
        raise InvalidArchive("the zip is broken: its directory has an invalid entry")
    rest = window.read(position + _ENTRY.size, name_length + extra_length)
    raw_name, extra = rest[:name_length], rest[name_length:]
    utf8_name = _read_utf8_name(extra, raw_name)
    is_utf8 = bool(utf8_name or flags & _UTF8)
    name, is_name_known = decode_name(utf8_name or raw_name, encoding, is_utf8)
    unpacked, packed, offset = _read_sizes_64(extra, unpacked, packed, offset)
    kind = "folder" if name.endswith("/") else _KINDS.get(stat.S_IFMT(attributes >> 16), "special")
    next_position = position + _ENTRY.size + name_length + extra_length + comment_length
    start = offset + directory.shift
    is_stated = is_utf8 or encoding is not None
    return _Entry(name, kind, flags, method, crc, packed, unpacked, start, next_position, is_name_known, is_stated)


def _read_sizes_64(extra: bytes, *sizes: int) -> Iterator[int]:
    """Those of `sizes` that need 64 bits are in a field of `extra`, in this order."""
    field = _find_field(extra, _EXTRA_64)
    wide = iter(struct.unpack_from(f"<{len(field) // 8}Q", field))
    return (next(wide, size) if size == _SEE_64 else size for size in sizes)


def _read_utf8_name(extra: bytes, raw_name: bytes) -> bytes:
    """Empty unless `extra` has the name in UTF-8. The checksum shows whether a program has renamed the entry since."""
    field = _find_field(extra, _EXTRA_UTF8_NAME)
    if len(field) < _UTF8_NAME.size or _UTF8_NAME.unpack_from(field) != (1, zlib.crc32(raw_name)):
        return b""
    return field[_UTF8_NAME.size :]


def _find_field(extra: bytes, wanted: int) -> bytes:
    """The content of one of the fields of `extra`; empty if it is missing."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        if kind == wanted:
            return extra[4 : 4 + length]
        extra = extra[4 + length :]
    return b""


def _read_content(file: BinaryIO, entry: _Entry) -> Iterator[bytes]:
    if entry.flags & _ENCRYPTED:
        raise UnreadableMember("is encrypted; send the archive without a password")
    if entry.method not in (_STORED, _DEFLATED):
        raise UnreadableMember(f"is compressed by method {entry.method}, expected deflate")
    packed = _read_packed(file, entry)
    crc = length = 0
    for piece in packed if entry.method == _STORED else _inflate(packed):
        length += len(piece)
        if length > entry.unpacked:
            raise UnreadableMember(f"unpacks to more than the {entry.unpacked:,} bytes that the archive states")
        crc = zlib.crc32(piece, crc)
        yield piece
    if crc != entry.crc:
        raise UnreadableMember("is broken: it does not match its checksum")


def _read_packed(file: BinaryIO, entry: _Entry) -> Iterator[bytes]:
    header = _read(file, entry.offset, _LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != b"PK\3\4":
        raise UnreadableMember("is missing at the offset that the archive states")
    *_, name_length, extra_length = _LOCAL.unpack(header)
    position, left = entry.offset + _LOCAL.size + name_length + extra_length, entry.packed
    while left > 0:
        # The directory is read from the same file between two pieces.
        piece = _read(file, position, min(PIECE_BYTES, left))
        if not piece:
            raise UnreadableMember("is cut short")
        position, left = position + len(piece), left - len(piece)
        yield piece


def _inflate(packed: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in packed:
            waiting = piece
            while waiting and not unpacker.eof:
                if unpacked := unpacker.decompress(waiting, PIECE_BYTES):
                    yield unpacked
                waiting = unpacker.unconsumed_tail
        yield from iter(partial(unpacker.decompress, b"", PIECE_BYTES), b"")
    except zlib.error as error:
        raise UnreadableMember(f"is broken: {error}") from error
    if not unpacker.eof:
        raise UnreadableMember("is cut short")


def _read(file: BinaryIO, position: int, length: int) -> bytes:
    """Less at the end of the file."""
    file.seek(position)
    return file.read(length)
