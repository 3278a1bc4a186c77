"""The entries of an archive, one after the other, each checked before a byte of it is used."""

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from worker.conversion.errors import RefusedArchive
from worker.conversion.messages import Limits
from worker.conversion.names import Collisions, check_file, is_innocent, parts_of, shown
from worker.conversion.tar import entries_of_tar

MAX_RATIO = 100
# So much may come of next to nothing: a blank image is packed well, too.
RATIO_FREE_BYTES = 1_000_000
_PIECE = 1 << 16
_LOCAL_HEADER_BYTES = 30
_ENCRYPTED = 0x1 | 0x40 | 0x2000


class Entry(NamedTuple):
    """One entry as the archive's own reader sees it. `packed` are its bytes in the archive, None if that says nothing;
    `opened` gives its content."""

    name: str
    is_folder: bool
    packed: int | None
    opened: Callable[[], IO[bytes]]


class Member(NamedTuple):
    """A file that belongs to the dataset. `content` is empty where it is a folder."""

    parts: tuple[str, ...]
    name: str
    is_folder: bool
    content: bytes


class Members:
    """Iterate once. `total` is how many entries there are, None while nobody knows; `ignored` counts what systems
    leave. Raises RefusedArchive for anything that does not belong into an archive of images."""

    def __init__(self, archive: Path, limits: Limits) -> None:
        self._archive = archive
        self._limits = limits
        self._bytes = 0
        self._entries = 0
        self.total: int | None = None
        self.ignored = 0

    def __iter__(self) -> Iterator[Member]:
        collisions = Collisions()
        with _opened(self._archive, self._limits) as (total, entries):
            self.total = total
            self._check_count(total or 0)
            for entry in entries:
                self._count()
                parts = parts_of(entry.name)
                if not parts:
                    continue
                if is_innocent(parts):
                    self.ignored += 1
                    continue
                check_file(parts, entry.name)
                if not entry.is_folder:
                    collisions.check(parts, entry.name)
                yield Member(parts, entry.name, entry.is_folder, b"" if entry.is_folder else self._content(entry))

    def _count(self) -> None:
        self._entries += 1
        self._check_count(self._entries)

    def _check_count(self, entries: int) -> None:
        if entries > self._limits.files:
            raise RefusedArchive(f"it has more than {self._limits.files:,} entries, which is the most that is taken")

    def _content(self, entry: Entry) -> bytes:
        """Counted while it is read: what an archive says of itself proves nothing."""
        pieces, length = [], 0
        with entry.opened() as file:
            while piece := file.read(_PIECE):
                length += len(piece)
                self._bytes += len(piece)
                pieces.append(piece)
                self._check_size(entry, length)
        return b"".join(pieces)

    def _check_size(self, entry: Entry, length: int) -> None:
        limits = self._limits
        if length > limits.file_bytes:
            raise RefusedArchive(f"{shown(entry.name)} has more than {limits.file_bytes:,} bytes; make it smaller")
        if entry.packed is not None and length > max(RATIO_FREE_BYTES, MAX_RATIO * entry.packed):
            raise RefusedArchive(
                f"{shown(entry.name)} unpacks to more than {MAX_RATIO} times its size, as no image does"
            )
        if self._bytes > limits.bytes:
            raise RefusedArchive(f"it unpacks to more than {limits.bytes:,} bytes, which is the most that is taken")


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[tuple[int | None, Iterator[Entry]]]:
    """By content, whatever the file is called."""
    with path.open("rb") as file:
        start = file.read(512)
    if start[:4] in (b"PK\3\4", b"PK\5\6"):
        with _zip(path) as (total, entries):
            yield total, entries
    elif start[:2] == b"\x1f\x8b" or start[257:262] == b"ustar":
        with entries_of_tar(path, gzipped=start[:2] == b"\x1f\x8b", max_bytes=limits.bytes) as members:
            yield None, (Entry(name, is_folder, None, opened) for name, is_folder, opened in members)
    else:
        raise RefusedArchive("it is no archive that is read here: send a zip, a tar or a tar.gz")


@contextmanager
def _zip(path: Path) -> Iterator[tuple[int, Iterator[Entry]]]:
    try:
        with ZipFile(path) as file:
            entries = file.infolist()
            _reject_overlaps(entries)
            yield len(entries), (_zip_entry(file, info) for info in entries)
    except (BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        raise RefusedArchive(f"the zip is broken or cut short: {error}") from error
    # zlib.error is an Exception of its own.
    except Exception as error:
        if type(error).__module__ != "zlib":
            raise
        raise RefusedArchive(f"the zip is broken: {error}") from error


def _zip_entry(file: ZipFile, info: ZipInfo) -> Entry:
    # What zipfile makes of a name ends at its first NUL.
    name = info.orig_filename
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise RefusedArchive(f"{shown(name)} is a link, a device or a pipe, not a file")
    if info.flag_bits & _ENCRYPTED:
        raise RefusedArchive(f"{shown(name)} is encrypted; send the archive without a password")
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise RefusedArchive(f"{shown(name)} is packed by method {info.compress_type}; only deflate is read here")
    return Entry(name, info.is_dir(), info.compress_size, lambda: file.open(info))


def _reject_overlaps(entries: list[ZipInfo]) -> None:
    """Members that share bytes make a small archive large without any one of them being suspicious."""
    ordered = sorted(entries, key=lambda info: info.header_offset)
    for info, following in pairwise(ordered):
        if info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size > following.header_offset:
            raise RefusedArchive(f"{shown(following.orig_filename)} overlaps {shown(info.orig_filename)}")
