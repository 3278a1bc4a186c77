"""Atomic publication: a reader sees the old file or the new one, never a part of either.

A rename alone is not crash-safe: data and folder are synced around it (Pillai et al., "All File Systems Are Not
Created Equal", OSDI 2014).
"""

import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from models_store.errors import Busy, NotFound, StorageFull, Unavailable

TEMPORARY_SUFFIX = ".tmp"
# Older than any write in progress: what is left of a killed process.
TEMPORARY_SECONDS = 120.0
LOCK_FILE = ".lock"
_LOCK_POLL_SECONDS = 0.005
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_WRITING = {errno.EROFS, errno.EIO}


def temporary_name(path: Path) -> Path:
    """Return a name beside `path`, on the same file system, that no other writer uses."""
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}{TEMPORARY_SUFFIX}")


@contextmanager
def room_needed(what: str) -> Iterator[None]:
    """Turn "no space left" into StorageFull and a disk that takes no writes into Unavailable; say what was written."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull(
                f"disk full: no room to write {what} ({error.strerror}); free some space, then try again"
            ) from error
        if error.errno in _NO_WRITING:
            raise Unavailable(f"the disk does not take {what}: {error.strerror}; see to the store's disk") from error
        raise


def sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_synced(path: Path, data: bytes) -> None:
    """Write a file that no reader looks at yet, and sync its data."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path`, durably, when the block ends without an error.

    Raises StorageFull. After any error the old file is as it was and no temporary is left.
    """
    temporary = temporary_name(path)
    try:
        with room_needed(path.name):
            with temporary.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
            sync_directory(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomic(path: Path, data: bytes) -> None:
    """Replace the content of `path` by `data`, durably, or leave it as it was (see `replaced`)."""
    with replaced(path) as file:
        file.write(data)


def create_exclusive(path: Path, data: bytes) -> bool:
    """Publish `path` only if it does not exist yet; True if this call made it. Of many callers one wins."""
    temporary = temporary_name(path)
    try:
        with room_needed(path.name):
            write_synced(temporary, data)
            os.link(temporary, path)
            sync_directory(path.parent)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def publish_directory(staged: Path, final: Path) -> bool:
    """Sync all files of the flat folder `staged`, then rename it to `final`; False if `final` exists already."""
    with room_needed(final.name):
        for file in staged.iterdir():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        sync_directory(staged)
    try:
        os.rename(staged, final)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    sync_directory(final.parent)
    return True


def remove_directory(path: Path) -> None:
    """Take `path` out of sight with one rename, then delete what it held."""
    doomed = temporary_name(path)
    os.rename(path, doomed)
    sync_directory(path.parent)
    shutil.rmtree(doomed, ignore_errors=True)


def remove_stale_temporaries(folder: Path, older_than: float = TEMPORARY_SECONDS) -> None:
    """Remove what killed processes left in `folder`; a write in progress is younger than that and stays.

    Where nobody else can be writing, `older_than` 0 removes all of them.
    """
    oldest = time.time() - older_than
    for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        try:
            if path.stat().st_mtime > oldest:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except FileNotFoundError:
            continue


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def locked(folder: Path, seconds: float = 2.0) -> Iterator[None]:
    """Hold the folder's lock: one process at a time, on one machine or many, freed by the kernel at a kill.

    Raises NotFound if the folder is gone and Busy after `seconds`.
    """
    try:
        descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except FileNotFoundError as error:
        raise NotFound(f"there is no experiment {folder.name}") from error
    try:
        _acquire(descriptor, folder, seconds)
        yield
    finally:
        # A child that was forked meanwhile has a copy of the descriptor: closing this one alone would free nothing.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _acquire(descriptor: int, folder: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Busy(f"{folder.name} was locked for {seconds} s by another process; try again") from None
            time.sleep(_LOCK_POLL_SECONDS)
