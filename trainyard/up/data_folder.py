"""The folder in which one Trainyard keeps everything."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from trainyard.up.errors import RefusedError

_VALKEY_PATIENCE_SECONDS = 15.0
_RETRY_SECONDS = 0.1


class DataFolder:
    """`<root>/store`, `<root>/logs`, `<root>/valkey`. The constructor makes them, or raises RefusedError."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.store = self.root / "store"
        self.logs = self.root / "logs"
        self.valkey = self.root / "valkey"
        try:
            for folder in (self.root, self.logs, self.valkey):
                folder.mkdir(parents=True, exist_ok=True)
                _probe(folder)
        except OSError as error:
            raise RefusedError(
                f"cannot write to {error.filename or self.root}: {error.strerror}; choose another folder with --data"
            ) from None

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Keep the folder to ourselves. Raises RefusedError, which names its user, if it is in use."""
        with _opened(self.root / "up.lock") as lock:
            if not _locked(lock):
                pid = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
                raise RefusedError(
                    f"{self.root} is in use by another `trainyard up` (pid {pid}); "
                    "stop that one, or choose another folder with --data"
                )
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            yield

    @contextlib.contextmanager
    def valkey_lock(self, patience_seconds: float = _VALKEY_PATIENCE_SECONDS) -> Iterator[int]:
        """A locked descriptor for Valkey to inherit: held as long as any process may write to its files.

        Without it, a Valkey that outlives a killed `up` for a moment would meet its successor in one folder.
        Waits for that moment to pass. Raises RefusedError if it does not.
        """
        with _opened(self.valkey / "valkey.lock") as lock:
            deadline = time.monotonic() + patience_seconds
            while not _locked(lock):
                if time.monotonic() > deadline:
                    raise RefusedError(
                        f"a Valkey server of an earlier run still uses {self.valkey}; "
                        "end it (`pgrep -af valkey-server`), or choose another folder with --data"
                    )
                time.sleep(_RETRY_SECONDS)
            yield lock


def _probe(folder: Path) -> None:
    """Raises OSError if no file can be made there. Permissions do not tell of full disks."""
    probe = folder / f".writable-{os.getpid()}"
    probe.write_bytes(b"yes")
    probe.unlink()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
