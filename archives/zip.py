"""The files of a zip.

The standard library's reader makes an object of each entry before it gives the first, some hundred bytes for each 46
of the archive. This one goes through the directory an entry at a time.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, NamedTuple

from archives.member import PIECE_BYTES, BrokenArchive, BrokenMember, Budget, Member

# PKWARE's APPNOTE.TXT 6.3.10: 4.3.16, 4.3.15, 4.3.14, 4.3.12 and 4.3.7.
_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_MAX_COMMENT = 0xFFFF
_SEE_64 = 0xFFFFFFFF
_EXTRA_64 = 1
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UTF8 = 0x800
_STORED, _DEFLATED = 0, 8


class _Directory(NamedTuple):
    """Where it lies; `shift` is what was put in front of the archive, in bytes."""

    entries: int
    start: int
    end: int
    shift: int


class _Entry(NamedTuple):
    name: str
    flags: int
    method: int
    crc: int
    packed: int
    offset: int


def zip_members(file: BinaryIO, budget: Budget) -> Iterator[Member]:
    """Its files, in the order of the directory. Raises BrokenArchive."""
    directory = _directory(file)
    budget.check_entries(directory.entries)
    position = directory.start
    while position < directory.end:
        budget.count_entry()
        entry, position = _entry(file, position, directory)
        if not entry.name.endswith("/"):
            yield Member(entry.name, _content(file, entry, budget))


def _directory(file: BinaryIO) -> _Directory:
    size = file.seek(0, os.SEEK_END)
    tail_start = max(0, size - _END.size - _MAX_COMMENT)
    tail = _read(file, tail_start, size - tail_start)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise BrokenArchive("the zip is cut short: there is no directory at its end")
    _, _, _, _, entries, length, offset, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    if end >= _END64_LOCATOR.size:
        signature, *_ = _END64_LOCATOR.unpack(_read(file, end - _END64_LOCATOR.size, _END64_LOCATOR.size))
        if signature == b"PK\6\7":
            end -= _END64_LOCATOR.size + _END64.size
            signature, *_, entries, length, offset = _END64.unpack(_read(file, end, _END64.size))
            if signature != b"PK\6\6":
                raise BrokenArchive("the zip is broken: its 64-bit directory is not where it says")
    start = end - length
    if start < 0 or start < offset:
        raise BrokenArchive("the zip is cut short: its directory does not fit into it")
    return _Directory(entries, start, end, start - offset)


def _entry(file: BinaryIO, position: int, directory: _Directory) -> tuple[_Entry, int]:
    """The entry at `position`, and where the next one is."""
    fields = _ENTRY.unpack(_read(file, position, _ENTRY.size))
    signature, _, _, flags, method, _, _, crc, packed, unpacked, name_length, extra_length, comment_length = fields[:13]
    if signature != b"PK\1\2":
        raise BrokenArchive("the zip is broken: its directory holds something else")
    rest = _read(file, position + _ENTRY.size, name_length + extra_length)
    name = rest[:name_length].decode("utf-8" if flags & _UTF8 else "cp437", "replace")
    packed, offset = _sizes_64(rest[name_length:], unpacked, packed, fields[16])
    following = position + _ENTRY.size + name_length + extra_length + comment_length
    return _Entry(name, flags, method, crc, packed, offset + directory.shift), following


def _sizes_64(extra: bytes, unpacked: int, packed: int, offset: int) -> tuple[int, int]:
    """Those of `packed` and `offset` that need 64 bits stand behind, in a field of their own."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        if kind == _EXTRA_64:
            wide = iter(struct.unpack_from(f"<{min(length, len(extra) - 4) // 8}Q", extra, 4))
            if unpacked == _SEE_64:
                next(wide, 0)
            return next(wide, packed) if packed == _SEE_64 else packed, (
                next(wide, offset) if offset == _SEE_64 else offset
            )
        extra = extra[4 + length :]
    return packed, offset


def _content(file: BinaryIO, entry: _Entry, budget: Budget) -> Iterator[bytes]:
    if entry.flags & _ENCRYPTED:
        raise BrokenMember("it is encrypted; send the archive without a password")
    if entry.method not in (_STORED, _DEFLATED):
        raise BrokenMember(f"it is packed by method {entry.method}; only deflate is read here")
    packed = _packed(file, entry)
    crc = 0
    for piece in packed if entry.method == _STORED else _inflated(packed):
        budget.spend(len(piece))
        crc = zlib.crc32(piece, crc)
        yield piece
    if crc != entry.crc:
        raise BrokenMember("it is broken: its checksum is another one")


def _packed(file: BinaryIO, entry: _Entry) -> Iterator[bytes]:
    header = _at(file, entry.offset, _LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != b"PK\3\4":
        raise BrokenMember("it is not where the zip says")
    *_, name_length, extra_length = _LOCAL.unpack(header)
    position, left = entry.offset + _LOCAL.size + name_length + extra_length, entry.packed
    while left > 0:
        # Others read from the file between two pieces.
        piece = _at(file, position, min(PIECE_BYTES, left))
        if not piece:
            raise BrokenMember("it is cut short")
        position, left = position + len(piece), left - len(piece)
        yield piece


def _inflated(packed: Iterator[bytes]) -> Iterator[bytes]:
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
        raise BrokenMember(f"it is broken: {error}") from error
    if not unpacker.eof:
        raise BrokenMember("it is cut short")


def _read(file: BinaryIO, position: int, length: int) -> bytes:
    data = _at(file, position, length)
    if len(data) < length:
        raise BrokenArchive("the zip is cut short")
    return data


def _at(file: BinaryIO, position: int, length: int) -> bytes:
    file.seek(position)
    return file.read(length)
