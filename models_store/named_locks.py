"""Locks of names, whether or not there is something of that name."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from models_store.errors import Busy, NotFound
from models_store.files import LOCK_FILE, lock_folder, storage_errors


@contextmanager
def lock_name(
    folder: Path, what: str, is_kept: Callable[[], bool], seconds: float = 2.0, *, shared: bool = False
) -> Iterator[None]:
    """Hold the lock of a name, the file in `folder`, which is made for it; those that hold it `shared` hold it
    together. The last one removes it, unless it `is_kept`: names that nobody uses any more leave nothing.

    Raises Busy after `seconds`, StorageFull, which says that it is the lock of `what`.
    """
    deadline = time.monotonic() + seconds
    try:
        with ExitStack() as held:
            while True:
                # Another one, who was the last, may remove it between any two of these steps, also of mkdir.
                with suppress(NotFound, FileNotFoundError, FileExistsError):
                    with storage_errors(f"the lock of {what}"):
                        folder.mkdir(parents=True, exist_ok=True)
                        (folder / LOCK_FILE).touch()
                    held.enter_context(lock_folder(folder, seconds, shared=shared))
                    break
                if time.monotonic() > deadline:
                    raise Busy(f"could not acquire the lock of {what} within {seconds} s: it is in use; try again")
            yield
    finally:
        remove_unused(folder, is_kept)


def remove_unused(folder: Path, is_kept: Callable[[], bool]) -> None:
    """Remove the lock of a name unless it `is_kept`, or somebody holds it. Who waits for it waits for the next one."""
    with suppress(Busy, NotFound, OSError):
        if is_kept() or not folder.exists():
            return
        with lock_folder(folder, 0):
            if not is_kept():
                (folder / LOCK_FILE).unlink()
                folder.rmdir()
