"""Which contents a bucket has: listed once per backup, kept in a temporary database, so that memory is bounded."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from models_store.backups.backup import Backups, FileEntry
from models_store.errors import Unavailable

# Nothing in it outlives the process: no journal, no sync. Of it 2 MB are in memory, the rest is in a deleted file.
_SETUP: Final = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA cache_size = -2000",
    "PRAGMA temp_store = FILE",
    "CREATE TABLE contents (sha256 BLOB PRIMARY KEY, bytes INTEGER) WITHOUT ROWID",
    "BEGIN",
)


class ContentIndex:
    """The sha256 and size of each object below `files/`, as listed when it is made; about 50 bytes of disk for each.

    May be used by several threads. All methods raise Unavailable if the disk of temporary files is full.
    """

    def __init__(self, backups: Backups, while_listing: Callable[[], None]) -> None:
        """`while_listing` is called for each object. Raises Unavailable if the bucket cannot be listed."""
        self._lock = threading.Lock()
        with _errors():
            # An empty name is a temporary database on disk.
            self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            for statement in _SETUP:
                self._database.execute(statement)

        def rows() -> Iterator[tuple[bytes, int]]:
            for sha256, size in backups.contents():
                while_listing()
                yield bytes.fromhex(sha256), size

        self._write(rows())

    def has(self, entry: FileEntry) -> bool:
        """Whether the bucket has an object with this sha256 in its name, and of this size."""
        found = "SELECT 1 FROM contents WHERE sha256 = ? AND bytes = ?"
        with self._lock, _errors():
            return self._database.execute(found, (bytes.fromhex(entry.sha256), entry.bytes)).fetchone() is not None

    def add(self, entry: FileEntry) -> None:
        """It has been sent."""
        self._write(iter([(bytes.fromhex(entry.sha256), entry.bytes)]))

    def close(self) -> None:
        self._database.close()

    def _write(self, rows: Iterator[tuple[bytes, int]]) -> None:
        with self._lock, _errors():
            self._database.executemany("INSERT OR REPLACE INTO contents VALUES (?, ?)", rows)


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Unavailable(
            f"cannot keep the list of what the bucket has in a temporary file ({error}); free some space there, or "
            f"set TMPDIR to another folder, then try again"
        ) from error
