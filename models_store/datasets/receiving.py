"""Archives that are being received: each in a folder of its own, which nobody else removes while its receiver lives."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from models_store.files import storage_errors, temporary_name

ARCHIVE_FILE = "archive"


@contextmanager
def receive_archive(datasets: Path) -> Iterator[BinaryIO]:
    """The file, in a folder that is removed when the block ends, unless it was published. Raises StorageFull, also for
    writes within the block."""
    staged = temporary_name(datasets / "upload")
    try:
        with storage_errors("the archive"):
            staged.mkdir()
            with (staged / ARCHIVE_FILE).open("w+b") as archive:
                fcntl.flock(archive, fcntl.LOCK_EX)
                yield archive
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def is_being_received(staged: Path) -> bool:
    """Whether a process that lives receives the archive of this folder; a kill ends that."""
    try:
        with (staged / ARCHIVE_FILE).open("r+b") as archive:
            fcntl.flock(archive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (FileNotFoundError, NotADirectoryError):
        return False
    return False
