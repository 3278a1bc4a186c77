"""A cache of what files hold."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final, Generic, TypeVar

from cachetools import LRUCache

_T = TypeVar("_T")
_MAX_BYTES: Final = 64_000_000
# Of an entry beside what was read: its path and version.
_ENTRY_BYTES: Final = 500


class FileCache(Generic[_T]):
    """What was read from each file, until that changes: every write makes a new file (`models_store.files`) or appends
    to it, so that inode, modification time and size identify a version. Safe for any number of threads.

    Files together are at most `max_bytes` large, with 500 bytes for each; what was not asked for longest is forgotten.
    Where little is kept of each, `kept_bytes` counts in place of its size.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES, kept_bytes: int | None = None) -> None:
        self._kept_bytes = kept_bytes
        self._seen: LRUCache[Path, tuple[tuple[int, int, int], _T]] = LRUCache(max_bytes, getsizeof=self._size)
        self._lock = Lock()

    def get(self, path: Path, read: Callable[[], _T]) -> _T:
        """What `read` has returned for this version of `path`. Without a file, and if it raises, nothing is kept."""
        try:
            status = path.stat()
        except FileNotFoundError:
            with self._lock:
                self._seen.pop(path, None)
            return read()
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        with self._lock:
            seen = self._seen.get(path)
        if seen is not None and seen[0] == version:
            return seen[1]
        found = read()
        with self._lock:
            self._seen.pop(path, None)
            if self._size((version, found)) <= self._seen.maxsize:
                self._seen[path] = (version, found)
        return found

    def _size(self, seen: tuple[tuple[int, int, int], _T]) -> int:
        return _ENTRY_BYTES + (seen[0][2] if self._kept_bytes is None else self._kept_bytes)
