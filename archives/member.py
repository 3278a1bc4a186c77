"""One entry of an archive, its content in pieces, and the limits on all of them."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from archives.errors import InvalidArchive, UnreadableMember

PIECE_BYTES = 1 << 16
# Up to RATIO_FREE_BYTES any ratio is allowed: a blank image compresses well, too.
MAX_RATIO = 100
RATIO_FREE_BYTES = 1_000_000

Kind = Literal["file", "folder", "special"]


class Limits(NamedTuple):
    """The maximum number of entries, of uncompressed bytes of all files together and of one file, and of how many times
    its compressed size a file may have; None for any, where the bytes of all files are bound enough."""

    entries: int
    bytes: int
    file_bytes: int
    max_ratio: int | None = MAX_RATIO


class Member(NamedTuple):
    """`name` is what the archive calls it, never a path on this machine, with surrogate escapes for what is not
    UTF-8; unless `is_name_known`, its encoding is unknown, and it is read as cp437; unless `is_name_stated`, it is
    UTF-8 only because it is valid. `kind` is "special" for links, devices, pipes and sparse files. `pieces` of at
    most `PIECE_BYTES` need not be read to the end; they raise UnreadableMember and InvalidArchive, and are valid
    until the next member is requested."""

    name: str
    kind: Kind
    pieces: Iterator[bytes]
    is_name_known: bool = True
    is_name_stated: bool = True

    def read(self) -> bytes:
        """The whole content. Raises UnreadableMember, InvalidArchive."""
        return b"".join(self.pieces)


class Budget:
    """Counts entries and bytes while they are read, because the sizes that an archive states prove nothing."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._entries = 0
        self._bytes = 0

    def count_entry(self) -> None:
        """Raises InvalidArchive."""
        self._entries += 1
        self.check_entries(self._entries)

    def check_entries(self, entries: int) -> None:
        """Raises InvalidArchive."""
        if entries > self.limits.entries:
            raise InvalidArchive(f"the archive has more than {self.limits.entries:,} entries, the limit; split it")

    def bound(self, pieces: Iterator[bytes], packed: int | None = None) -> Iterator[bytes]:
        """`pieces` of one file, counted; `packed` is its compressed size in bytes, if known. Raises UnreadableMember,
        InvalidArchive."""
        limits, length = self.limits, 0
        ratio = limits.max_ratio
        most = float("inf") if packed is None or ratio is None else max(RATIO_FREE_BYTES, ratio * packed)
        for piece in pieces:
            length += len(piece)
            self._bytes += len(piece)
            if self._bytes > limits.bytes:
                raise InvalidArchive(f"the archive unpacks to more than {limits.bytes:,} bytes, the limit; split it")
            if length > limits.file_bytes:
                raise UnreadableMember(f"has more than {limits.file_bytes:,} bytes, the limit for one file")
            if length > most:
                raise UnreadableMember(f"unpacks to more than {ratio} times its size, as no image does")
            yield piece
