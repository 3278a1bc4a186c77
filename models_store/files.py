"""Atomic files and folder locks: a reader sees the old file or the new one, never a part of either.

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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from models_store.errors import Busy, NotFound, StorageFull, Unavailable

TEMPORARY_SUFFIX = ".tmp"
# Older than any write in progress: left by a killed process.
TEMPORARY_SECONDS = 120.0
LOCK_FILE = ".lock"
# A job is worth waiting longer for than an answer over HTTP.
PATIENCE_SECONDS = 60.0
# flock has no timeout, and an alarm interrupts it in the main thread only: it is tried again and again.
_LOCK_POLL_SECONDS = 0.005
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
# What others are denied, of everything that a process and its children write.
PRIVATE_UMASK = 0o077
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNWRITABLE = {errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
_CHECK = "check the disk of the store"
_ADVICE = {
    errno.EACCES: "let the user of the service write to the store",
    errno.EPERM: "let the user of the service write to the store",
    errno.EMFILE: "raise the limit of open files (ulimit -n), or try again",
    errno.ENFILE: "the machine has too many open files; try again",
    errno.ENOMEM: "the machine is out of memory; try again",
}


def temporary_name(path: Path) -> Path:
    """Return a name beside `path`, on the same file system, that no other writer uses."""
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}{TEMPORARY_SUFFIX}")


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turn a full disk into StorageFull and an unwritable one into Unavailable; `what` is being written."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(
                f"disk full: no room to write {what} ({error.strerror}); free some space, then try again"
            ) from error
        if error.errno in _UNWRITABLE:
            raise Unavailable(f"cannot write {what}: {error.strerror}; {_ADVICE.get(error.errno, _CHECK)}") from error
        raise


def sync_directory(path: Path) -> None:
    _sync(path, os.O_DIRECTORY)


def _sync(path: Path, kind: int = 0) -> None:
    descriptor = os.open(path, os.O_RDONLY | kind)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_private(path: Path) -> BinaryIO:
    """Open a new file that the user of this process alone may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE_FILE), "wb")


def make_private(folder: Path) -> None:
    """Make a folder, or take it from all others than its owner. One that is another user's stays as it is."""
    folder.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    with suppress(PermissionError):
        folder.chmod(PRIVATE_FOLDER)


def write_synced(path: Path, data: bytes) -> None:
    """Write a file that no reader opens yet, and sync its data."""
    with create_private(path) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def open_atomic(path: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces `path`, durably, when the block ends without an error.

    Raises StorageFull. After any error the old file is unchanged and no temporary is left.
    """
    temporary = temporary_name(path)
    try:
        with storage_errors(path.name):
            with create_private(temporary) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
            sync_directory(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomic(path: Path, data: bytes) -> None:
    """Replace the content of `path` by `data`, durably, or leave it unchanged (see `open_atomic`)."""
    with open_atomic(path) as file:
        file.write(data)


def append_line(path: Path, line: bytes) -> None:
    """Durably, in one write. It begins on a new line: what a kill has torn before it is one line that does not parse.
    Raises StorageFull, Unavailable."""
    with storage_errors(path.name):
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            size = os.fstat(descriptor).st_size
            is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, b"\n" * is_torn + line + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if size == 0:
            sync_directory(path.parent)


def create_exclusive(path: Path, data: bytes) -> bool:
    """Publish `path` unless it exists; True if this call created it. Of many callers one wins. Raises StorageFull,
    Unavailable; then there is none of this call."""
    temporary = temporary_name(path)
    try:
        with storage_errors(path.name):
            write_synced(temporary, data)
            os.link(temporary, path)
            try:
                sync_directory(path.parent)
            except OSError:
                path.unlink()
                raise
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def publish_directory(staged: Path, final: Path) -> bool:
    """Sync all files in the folder `staged`, then rename it to `final`; False if `final` exists already. After an error
    there is no `final`."""
    with storage_errors(final.name):
        for path in (*staged.rglob("*"), staged):
            _sync(path)
        try:
            os.rename(staged, final)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                return False
            raise
        try:
            sync_directory(final.parent)
        except OSError:
            os.rename(final, staged)
            raise
    return True


def create_record_folder(
    folder: Path, record_file: str, record: bytes, what: str, fill: Callable[[Path], None] = lambda _: None
) -> None:
    """Make a folder with its lock, `record` in `record_file` and what `fill` writes, whole or not at all; one that
    exists stays as it is. Raises StorageFull, which names it as `what`."""
    staged = temporary_name(folder)
    try:
        with storage_errors(what):
            staged.mkdir()
            (staged / LOCK_FILE).touch()
            write_synced(staged / record_file, record)
            fill(staged)
            publish_directory(staged, folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def remove_directory(path: Path) -> None:
    """Hide `path` with one rename, then delete its content."""
    doomed = temporary_name(path)
    os.rename(path, doomed)
    sync_directory(path.parent)
    shutil.rmtree(doomed, ignore_errors=True)


def replace_directory(staged: Path, final: Path) -> None:
    """Publish `staged` in place of `final`. Only under a lock: in between there is neither."""
    if final.exists():
        remove_directory(final)
    publish_directory(staged, final)


def remove_stale_temporaries(
    folder: Path, older_than: float = TEMPORARY_SECONDS, is_used: Callable[[Path], bool] = lambda _: False
) -> None:
    """Remove the temporaries of killed processes from `folder`; a write in progress is younger, or `is_used`, and
    stays. `older_than`, in seconds, may be 0 where nobody else can be writing."""
    oldest = time.time() - older_than
    for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        try:
            written = path.stat().st_mtime
            if written > oldest or written > _now_in(folder) - older_than or is_used(path):
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except FileNotFoundError:
            continue


def _now_in(folder: Path) -> float:
    """By the clock of its file system, which that of this machine may be ahead of; or by this, if it takes no file."""
    probe = temporary_name(folder / "now")
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        probe.unlink(missing_ok=True)


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def lock_folder(folder: Path, seconds: float = 2.0, *, shared: bool = False) -> Iterator[None]:
    """Hold the folder's lock: one process at a time, on one machine or many; a kill releases it. Those that hold it
    `shared` hold it together.

    Raises NotFound if the folder does not exist, or was deleted meanwhile, Busy after `seconds`.
    """
    descriptor = _hold(folder, seconds, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    try:
        yield
    finally:
        # A child that was forked meanwhile has a copy of the descriptor: closing this one would not release the lock.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _hold(folder: Path, seconds: float, kind: int) -> int:
    """The descriptor of the folder's lock, which is held. Whose folder was deleted, and made again by somebody else,
    while it waited has a lock that excludes nobody, and waits for that of the new folder."""
    deadline = time.monotonic() + seconds
    while True:
        with ExitStack() as opened:
            descriptor = _open_lock(folder, os.O_CREAT)
            opened.callback(os.close, descriptor)
            while not (is_held := _acquire(descriptor, kind)) and time.monotonic() <= deadline:
                time.sleep(_LOCK_POLL_SECONDS)  # flock has no timeout, and a signal would need the main thread
            if is_held and _is_lock_of(folder, descriptor):
                opened.pop_all()
                return descriptor
        if time.monotonic() > deadline:
            raise Busy(f"could not acquire the lock of {folder.name} within {seconds} s: it is in use; try again")


def _open_lock(folder: Path, kind: int = 0) -> int:
    try:
        return os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CLOEXEC | kind, 0o644)
    except FileNotFoundError as error:
        raise NotFound(f"{folder.parent.name}/{folder.name} not found: it was deleted") from error


def _acquire(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_lock_of(folder: Path, descriptor: int) -> bool:
    """Whether others who lock the folder find this file. Opened for it: NFS asks the server at each open only."""
    with suppress(NotFound):
        found = _open_lock(folder)
        try:
            return os.path.sameopenfile(found, descriptor)
        finally:
            os.close(found)
    return False
