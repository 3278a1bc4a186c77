"""Whether a folder keeps what a store is built on: locks, replacing by rename, files that only one of many creates.

Network and bucket file systems may not. What one machine cannot see, whether its locks hold on others, two find out
together.
"""

import errno
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from models_store.errors import Unavailable
from models_store.files import create_exclusive, lock_folder, make_private, temporary_name, write_atomic, write_synced

MEETING = "store-check"
ROUNDS = 200
_MOUNTS: Final = Path("/proc/self/mountinfo")
_LOCAL_LOCKS: Final = ("nolock", "local_lock=all", "local_lock=flock")
_ADVICE = "use a local disk, NFSv4, or another file system with flock and hard links"
_UNSUPPORTED: Final = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOSYS, errno.EINVAL)
_NUMBER = "number"
_MEMBER = ".member"
_MEETING_SECONDS = 120.0
_POLL_SECONDS = 0.05


def check_folder(folder: Path, mounts: Path = _MOUNTS) -> None:
    """Try in `folder` what a store needs; takes milliseconds and leaves nothing. `mounts` is the table of file systems.

    Raises Unavailable, which says what does not hold; OSError if nothing can be written, as on a full disk.
    """
    if option := _find_local_locks(folder, mounts):
        raise Unavailable(
            f"the store {folder} is on a network file system that is mounted with `{option}`: locks would not hold "
            f"between machines, and results could be lost; mount it without that option"
        )
    place = temporary_name(folder / "self-test")
    place.mkdir()
    try:
        for name, promise in _PROMISES.items():
            if not _holds(promise, place):
                raise Unavailable(f"the store {folder} is on a file system {name}; {_ADVICE}")
    finally:
        shutil.rmtree(place, ignore_errors=True)


def check_at_start(folder: Path) -> None:
    """Before a process uses the store in `folder`, which is made if missing. A full or read-only disk is no reason not
    to start: what is stored is still served. Raises Unavailable as `check_folder` does."""
    with suppress(OSError):
        make_private(folder)
        check_folder(folder)


def _holds(promise: Callable[[Path], bool], place: Path) -> bool:
    try:
        return promise(place)
    except (OSError, Unavailable) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if isinstance(cause, OSError) and cause.errno in _UNSUPPORTED:
            return False
        # It is in the way of everything, and may pass: a full disk, an I/O error.
        raise cause or error from error


def _locks(place: Path) -> bool:
    with _locked(place / "lock"):
        try:
            with _locked(place / "lock"):
                return False
        except BlockingIOError:
            return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _creates_once(place: Path) -> bool:
    return create_exclusive(place / "once", b"first") and not create_exclusive(place / "once", b"second")


def _replaces(place: Path) -> bool:
    path = place / "replaced"
    write_atomic(path, b"old")
    with path.open("rb") as reader:
        write_atomic(path, b"new")
        return (reader.read(), path.read_bytes()) == (b"old", b"new")


def _keeps_folders(place: Path) -> bool:
    for name in ("staged", "final"):
        (place / name).mkdir()
        write_synced(place / name / "file", name.encode())
    try:
        os.rename(place / "staged", place / "final")
    except OSError as error:
        return error.errno in (errno.ENOTEMPTY, errno.EEXIST)
    return False


_PROMISES: Final = {
    "without locks (flock)": _locks,
    "on which two can create the same file (hard links)": _creates_once,
    "that changes a file under its readers when it is replaced": _replaces,
    "that lets a folder replace another one": _keeps_folders,
}


def _find_local_locks(folder: Path, mounts: Path) -> str | None:
    """The option of the NFS mount of `folder` by which its locks hold on this machine alone."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return None
    best, found = -1, None
    for line in lines:
        # See proc_pid_mountinfo(5): fields, a dash, then type, source and options of the file system.
        fields, _, system = line.partition(" - ")
        kind, *others = system.split(" ", 2)
        if len(fields.split()) < 5:
            continue
        point = Path(fields.split()[4].replace("\\040", " "))
        options = others[-1] if others else ""
        if folder.resolve().is_relative_to(point) and len(point.parts) >= best:
            best = len(point.parts)
            is_network = kind.startswith("nfs")
            found = next((each for each in _LOCAL_LOCKS if each in options.split(",")), None) if is_network else None
    return found


def meet(folder: Path, hosts: int, seconds: float = _MEETING_SECONDS) -> None:
    """Count to `ROUNDS` times `hosts` together with those that are called on other machines with the same folder: under
    a lock each reads the number and replaces it by the next. None is lost only if locks hold on all of them.

    Raises Unavailable if some are lost, or if not all `hosts` come and end within `seconds`.
    """
    place = folder / MEETING
    make_private(place)
    me = place / f"{socket.gethostname()}-{os.getpid()}{_MEMBER}"
    if not _members(place):
        # Of an earlier meeting, all of whose members are gone.
        (place / _NUMBER).unlink(missing_ok=True)
    write_atomic(me, b"here")
    create_exclusive(place / _NUMBER, b"0")
    try:
        _wait(lambda: len(_members(place)) >= hosts, seconds, f"{hosts} machines did not come together")
        members = _members(place)
        for _ in range(ROUNDS):
            with lock_folder(place, seconds):
                write_atomic(place / _NUMBER, b"%d" % (int((place / _NUMBER).read_bytes()) + 1))
        write_atomic(me, b"done")
        _wait(lambda: all(map(_is_done, members)), seconds, f"not all of {len(members)} machines ended")
        missing = ROUNDS * hosts - int((place / _NUMBER).read_bytes())
    finally:
        me.unlink()
        if not _members(place):
            shutil.rmtree(place, ignore_errors=True)
    if missing:
        raise Unavailable(
            f"{missing} of {ROUNDS * hosts} changes in {folder} were lost: its locks do not hold between machines; "
            f"{_ADVICE}"
        )


def _members(place: Path) -> list[Path]:
    return sorted(place.glob(f"*{_MEMBER}"))


def _is_done(member: Path) -> bool:
    """Whether it has counted; who has seen all others do so is gone."""
    try:
        return member.read_bytes() == b"done"
    except FileNotFoundError:
        return True


def _wait(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Unavailable(
                f"{what} within {seconds:g} s; if one was killed, delete the folder {MEETING} and try again"
            )
        time.sleep(_POLL_SECONDS)  # another machine's files announce nothing here
