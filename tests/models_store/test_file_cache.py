import os
from pathlib import Path

import pytest

from models_store.file_cache import FileCache
from models_store.files import write_atomic


def test_file_is_read_once_for_each_version(tmp_path: Path) -> None:
    path, cache, reads = tmp_path / "file", FileCache[bytes](), []

    def read() -> bytes:
        reads.append(path.read_bytes())
        return reads[-1]

    for content in (b"a", b"b"):
        write_atomic(path, content)
        assert [cache.get(path, read) for _ in range(3)] == [content] * 3
    assert reads == [b"a", b"b"]


def test_appended_file_is_read_again(tmp_path: Path) -> None:
    """Although the clock of the file system has not moved."""
    path, cache = tmp_path / "file", FileCache[bytes]()
    write_atomic(path, b"a")
    cache.get(path, path.read_bytes)
    before = path.stat()
    with path.open("ab") as file:
        file.write(b"b")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert cache.get(path, path.read_bytes) == b"ab"


def test_removed_file_is_forgotten(tmp_path: Path) -> None:
    path, cache = tmp_path / "file", FileCache[bytes]()
    write_atomic(path, b"a")
    cache.get(path, path.read_bytes)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        cache.get(path, path.read_bytes)
