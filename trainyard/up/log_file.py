"""The log of a process, which never grows without end and never prevents its start."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 20_000_000


def open_log(path: Path) -> BinaryIO:
    """For appending. Where a full disk has no room for a new one, what is written is lost."""
    try:
        return path.open("ab")
    except OSError:
        return Path(os.devnull).open("ab")


def rotate(path: Path, max_bytes: int = MAX_BYTES) -> None:
    """Move what is in a log of that size to `<name>.1`, in place of what was there. The process keeps its descriptor
    open and appends: the file is emptied, even if there is no room for a copy."""
    with suppress(FileNotFoundError):
        if path.stat().st_size < max_bytes:
            return
        former = path.with_name(f"{path.name}.1")
        try:
            shutil.copyfile(path, former)
            former.chmod(path.stat().st_mode)
        except OSError:
            former.unlink(missing_ok=True)
        os.truncate(path, 0)
