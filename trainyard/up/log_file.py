"""The log of a process, which never grows without end and never prevents its start."""

import logging
import os
import shutil
from functools import cache
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 20_000_000

log = logging.getLogger(__name__)


def open_log(path: Path) -> BinaryIO:
    """For appending. Where a full disk has no room for a new one, what is written is lost."""
    try:
        return path.open("ab")
    except OSError:
        return Path(os.devnull).open("ab")


def rotate(path: Path, max_bytes: int = MAX_BYTES) -> None:
    """Move what is in a log of that size to `<name>.1`, in place of what was there. The process keeps its descriptor
    open and appends: the file is emptied, even if there is no room for a copy. If it cannot be read or changed, it
    stays as it is."""
    try:
        if path.stat().st_size >= max_bytes:
            _move_aside(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        _warn_once(path, error.strerror)


def _move_aside(path: Path) -> None:
    former = path.with_name(f"{path.name}.1")
    try:
        shutil.copyfile(path, former)
        former.chmod(path.stat().st_mode)
    except OSError:
        former.unlink(missing_ok=True)
    os.truncate(path, 0)


@cache
def _warn_once(path: Path, reason: str) -> None:
    log.warning("%s is not looked after, and may grow: %s", path, reason)
