"""The files of a form, one behind the other in a temporary file."""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

from archives.member import PIECE_BYTES, Budget, Limits, Member

# In front of each file: the lengths of its name and its content, in bytes.
_HEAD = struct.Struct(">HQ")
_MAX_NAME_BYTES = 1_000


class Spool:
    """Keeps none of what is written in memory. For use from one thread at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._began_at = 0

    def begin(self, name: str) -> None:
        encoded = name.encode(errors="replace")[:_MAX_NAME_BYTES]
        self._file.write(_HEAD.pack(len(encoded), 0) + encoded)
        self._began_at = self._file.tell()
        self._name_bytes = len(encoded)

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def end(self) -> None:
        """End the current file: only now its length is known."""
        ends_at = self._file.tell()
        self._file.seek(self._began_at - self._name_bytes - _HEAD.size)
        self._file.write(_HEAD.pack(self._name_bytes, ends_at - self._began_at))
        self._file.seek(ends_at)


def spooled_members(file: BinaryIO, limits: Limits) -> Iterator[Member]:
    """The files that a Spool wrote, in order. Raises InvalidArchive."""
    budget = Budget(limits)
    position, size = 0, file.seek(0, os.SEEK_END)
    while position < size:
        budget.count_entry()
        file.seek(position)
        name_bytes, length = _HEAD.unpack(file.read(_HEAD.size))
        name = file.read(name_bytes).decode(errors="replace")
        position += _HEAD.size + name_bytes
        yield Member(name, "file", budget.bound(_read_content(file, position, length)))
        position += length


def _read_content(file: BinaryIO, position: int, left: int) -> Iterator[bytes]:
    file.seek(position)
    while left > 0:
        piece = file.read(min(PIECE_BYTES, left))
        left -= len(piece)
        yield piece
