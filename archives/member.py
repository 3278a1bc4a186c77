"""What an archive is read as: files, one after the other, a piece at a time."""

from collections.abc import Iterator
from typing import NamedTuple

from api.wire.samples import BadRequestBody

PIECE_BYTES = 1 << 16


class BrokenArchive(BadRequestBody):
    """Nothing more can be read of an archive."""


class BrokenMember(Exception):
    """One file of an archive cannot be read; those behind it can."""


class Member(NamedTuple):
    """A file of an archive. `name` is what the archive calls it, never a path here; `pieces`, of at most `PIECE_BYTES`
    each, need not be read to their end, and raise BrokenMember and BrokenArchive while they are read. They are to be
    had until the next member is asked for."""

    name: str
    pieces: Iterator[bytes]


class Budget:
    """How many entries an archive may have, and how many bytes they may unpack to, counted while they are read: what
    an archive says of itself proves nothing."""

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self._entries = 0
        self._bytes = 0

    def count_entry(self) -> None:
        """Raises BrokenArchive."""
        self._entries += 1
        self.check_entries(self._entries)

    def check_entries(self, stated: int) -> None:
        """Raises BrokenArchive."""
        if stated > self.max_entries:
            raise BrokenArchive(f"it has more than the {self.max_entries:,} entries that one request may hold")

    def spend(self, count: int) -> None:
        """Raises BrokenArchive."""
        self._bytes += count
        if self._bytes > self.max_bytes:
            raise BrokenArchive(f"it unpacks to more than the {self.max_bytes:,} bytes that are read of one request")
