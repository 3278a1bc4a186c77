"""Files on their way to a bucket: by the sha256 of their content, which is not sent again if it is there."""

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from models_store.backups.backup import FileEntry, file_key
from models_store.backups.bucket import PIECE_BYTES, Bucket
from models_store.backups.content_index import ContentIndex

# Of large files, so that memory is bounded: each has two parts on their way.
_LARGE_AT_ONCE: Final = 2


class ReplacedError(Exception):
    """The content of a file changed while it was read."""


@dataclass
class Sent:
    """What had to be sent."""

    files: int = 0
    bytes: int = 0
    faults: list[str] = field(default_factory=list)


class Uploads:
    """May be used by several threads."""

    def __init__(self, bucket: Bucket, index: ContentIndex) -> None:
        self._bucket = bucket
        self._index = index
        self._large = threading.Semaphore(_LARGE_AT_ONCE)

    def store_file(self, path: Path, known: FileEntry | None, sent: Sent) -> FileEntry:
        """Have the bucket hold the content of a file, which is not read if it has the size and time of `known`, and the
        bucket has that.

        Of a file that others append to, what it has when it is opened. Raises OSError, ReplacedError, Unavailable.
        """
        with path.open("rb") as file:
            stat = os.fstat(file.fileno())
            if known is not None and _is_unchanged(stat, known) and self._index.has(known):
                return known
            if stat.st_size <= PIECE_BYTES:
                return self.store_bytes(file.read(stat.st_size), stat.st_mtime_ns, sent)
            with self._large:
                return self._store_large(file, stat.st_size, stat.st_mtime_ns, sent)

    def store_bytes(self, data: bytes, time_ns: int, sent: Sent) -> FileEntry:
        entry = FileEntry(hashlib.sha256(data).hexdigest(), len(data), time_ns)
        if not self._index.has(entry):
            self._bucket.put(file_key(entry.sha256), data)
            self._count(entry, sent)
        return entry

    def _store_large(self, file: BinaryIO, size: int, time_ns: int, sent: Sent) -> FileEntry:
        digest = hashlib.sha256()
        for piece in _pieces(file, size):
            digest.update(piece)
        entry = FileEntry(digest.hexdigest(), size, time_ns)
        if not self._index.has(entry):
            self._bucket.upload(file_key(entry.sha256), _checked(file, entry), size)
            self._count(entry, sent)
        return entry

    def _count(self, entry: FileEntry, sent: Sent) -> None:
        self._index.add(entry)
        sent.files += 1
        sent.bytes += entry.bytes


def _is_unchanged(stat: os.stat_result, known: FileEntry) -> bool:
    return (known.bytes, known.time_ns) == (stat.st_size, stat.st_mtime_ns)


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The first `size` bytes. Raises ReplacedError if there are fewer."""
    file.seek(0)
    while size > 0:
        piece = file.read(min(size, PIECE_BYTES))
        if not piece:
            raise ReplacedError
        size -= len(piece)
        yield piece


def _checked(file: BinaryIO, entry: FileEntry) -> Iterator[bytes]:
    """The content once more. Raises ReplacedError before its end if it is not the one that was read first: then nothing
    appears in the bucket."""
    digest, held = hashlib.sha256(), b""
    for piece in _pieces(file, entry.bytes):
        digest.update(piece)
        if held:
            yield held
        held = piece
    if digest.hexdigest() != entry.sha256:
        raise ReplacedError
    yield held
