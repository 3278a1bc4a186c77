"""The folder of one Trainyard: store, logs, Valkey's files, and its locks."""

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from trainyard.errors import PreflightError

_VALKEY_WAIT_SECONDS = 15.0
_RETRY_SECONDS = 0.1
_HOLDER_BYTES = 300
# The permissions, as of umask, that nobody else has.
PRIVATE = 0o077


class DataFolder:
    """`<root>/store`, `<root>/logs`, `<root>/valkey`. The constructor makes them, `store`, `logs` and
    `valkey` for the user alone; raises PreflightError."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.store = self.root / "store"
        self.logs = self.root / "logs"
        self.valkey = self.root / "valkey"
        try:
            for folder in (self.root, self.logs, self.valkey):
                folder.mkdir(parents=True, exist_ok=True)
                if folder is not self.root:
                    folder.chmod(0o777 & ~PRIVATE)
                _probe(folder)
        except OSError as error:
            raise PreflightError(
                f"cannot write to {error.filename or self.root}: {error.strerror}; choose another folder with --data"
            ) from None

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    @contextlib.contextmanager
    def lock(self, command: str = "trainyard up") -> Iterator[None]:
        """Hold the folder for this `command`. Raises PreflightError, which names the holder, if it is in use."""
        with _open(self.root / "up.lock") as descriptor:
            if not _try_lock(descriptor):
                holder = os.pread(descriptor, _HOLDER_BYTES, 0).decode(errors="replace").strip() or "unknown process"
                raise PreflightError(
                    f"{self.root} is in use by another {holder}; "
                    "stop that one, or choose another folder with --data: each machine needs one of its own"
                )
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"`{command}` (pid {os.getpid()}) on {socket.gethostname()}".encode(), 0)
            yield

    @contextlib.contextmanager
    def lock_valkey(self, max_wait_seconds: float = _VALKEY_WAIT_SECONDS) -> Iterator[int]:
        """A locked descriptor for Valkey to inherit: held while any process can write to its files.

        A Valkey can outlive a killed `up` for a moment, and a successor must not share its files. Waits for that
        moment to pass; raises PreflightError if it does not.
        """
        with _open(self.valkey / "valkey.lock") as descriptor:
            deadline = time.monotonic() + max_wait_seconds
            while not _try_lock(descriptor):
                if time.monotonic() > deadline:
                    raise PreflightError(
                        f"a Valkey server of an earlier run still uses {self.valkey}; "
                        "stop it (`pgrep -af valkey-server`), or choose another folder with --data"
                    )
                time.sleep(_RETRY_SECONDS)
            yield descriptor


def _probe(folder: Path) -> None:
    """Raises OSError if no file can be written there. Permissions alone do not show a full disk."""
    probe = folder / f".writable-{os.getpid()}"
    probe.write_bytes(b"yes")
    probe.unlink()


@contextlib.contextmanager
def _open(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
