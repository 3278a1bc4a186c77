import os
from concurrent.futures import ThreadPoolExecutor
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


def test_what_was_not_asked_for_is_forgotten(tmp_path: Path) -> None:
    """Files of all that was ever deleted would add up."""
    paths, reads = [tmp_path / str(number) for number in range(3)], list[str]()
    for path in paths:
        path.write_bytes(bytes(1_000))

    def read(cache: FileCache[str], path: Path) -> None:
        cache.get(path, lambda: reads.append(path.name) or path.name)  # type: ignore[func-returns-value]

    for cache in (FileCache[str](3_200), FileCache[str](1_200, kept_bytes=100)):
        reads.clear()
        for number in (0, 1, 0, 2, 0, 1):
            read(cache, paths[number])
        assert reads == ["0", "1", "2", "1"]


def test_file_above_the_bound_is_read_each_time(tmp_path: Path) -> None:
    path, cache, reads = tmp_path / "file", FileCache[int](2_000), list[int]()
    path.write_bytes(bytes(100))
    cache.get(path, lambda: 100)
    path.write_bytes(bytes(2_000))
    for number in range(2):
        assert cache.get(path, lambda number=number: reads.append(number) or number) == number  # type: ignore[misc,func-returns-value]
    assert reads == [0, 1]


def test_many_threads_read_within_the_bound(tmp_path: Path) -> None:
    paths, cache = [tmp_path / str(number) for number in range(20)], FileCache[bytes](5_000)
    for path in paths:
        path.write_bytes(path.name.encode() * 100)

    def read(number: int) -> bool:
        path = paths[number % 20]
        return cache.get(path, path.read_bytes) == path.read_bytes()

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(read, range(2_000)))
