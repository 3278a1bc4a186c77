"""A cache of what files hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

_T = TypeVar("_T")


class FileCache(Generic[_T]):
    """What was read from each file, until that changes: every write makes a new file (`models_store.files`) or appends
    to it, so that inode, modification time and size identify a version. Safe for any number of threads."""

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[tuple[int, int, int], _T]] = {}

    def get(self, path: Path, read: Callable[[], _T]) -> _T:
        """What `read` has returned for this version of `path`. Without a file, and if it raises, nothing is kept."""
        try:
            status = path.stat()
        except FileNotFoundError:
            self._seen.pop(path, None)
            return read()
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        seen = self._seen.get(path)
        if seen is None or seen[0] != version:
            seen = self._seen[path] = (version, read())
        return seen[1]
