"""The arrays of an `.npz`, laid out on the disk so that one row is read without the others.

numpy unpacks a whole member to give a row of it: of mnist 55 MB and 0.4 s for each request.
"""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from models_store.files import open_atomic, remove_stale_temporaries

Array = np.ndarray[Any, Any]


def unpacked(file: Path, members: tuple[str, ...], folder: Path) -> list[Array]:
    """The arrays `members` of `file`, mapped into memory from files in `folder`, which are made the first time and
    again when `file` has changed (by its size and its time of modification). Memory is bounded by a buffer.

    Raises StorageFull, and what numpy and zipfile raise of a file that is no such archive: KeyError, ValueError,
    OSError, BadZipFile, zlib.error.
    """
    stat = file.stat()
    state = f"{file.stem}-{stat.st_size}-{stat.st_mtime_ns}"
    paths = [folder / f"{state}-{member}.npy" for member in members]
    if not all(path.is_file() for path in paths):
        folder.mkdir(exist_ok=True)
        _forget_others(folder, file.stem, state)
        with zipfile.ZipFile(file) as archive:
            for member, path in zip(members, paths, strict=True):
                with archive.open(f"{member}.npy") as packed, open_atomic(path) as laid_out:
                    shutil.copyfileobj(packed, laid_out)
    return [np.load(path, mmap_mode="r", allow_pickle=False) for path in paths]


def _forget_others(folder: Path, stem: str, state: str) -> None:
    """What was made of the file as it was before; whoever has it open keeps it."""
    remove_stale_temporaries(folder)
    for path in folder.glob(f"{stem}-*.npy"):
        if not path.name.startswith(f"{state}-"):
            path.unlink(missing_ok=True)
