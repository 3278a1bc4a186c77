"""Memory-mapped arrays of an `.npz`, so that one row is read without the others.

numpy decompresses a whole member to return one of its rows: 55 MB and 0.4 s per request for mnist.
"""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from models_store.files import open_atomic, remove_stale_temporaries
from models_store.npz import load_npy

Array = np.ndarray[Any, Any]


def map_npz(file: Path, members: tuple[str, ...], folder: Path) -> list[Array]:
    """Map the arrays `members` of `file` from copies in `folder`. These are written the first time, and again when the
    size or the modification time of `file` has changed; memory is bounded by a buffer.

    Raises StorageFull, and what numpy and zipfile raise for another kind of file: KeyError, ValueError, OSError,
    BadZipFile, zlib.error.
    """
    stat = file.stat()
    version = f"{file.stem}-{stat.st_size}-{stat.st_mtime_ns}"
    paths = [folder / f"{version}-{member}.npy" for member in members]
    if not all(path.is_file() for path in paths):
        folder.mkdir(exist_ok=True)
        _remove_other_versions(folder, file.stem, version)
        with zipfile.ZipFile(file) as archive:
            for member, path in zip(members, paths, strict=True):
                with archive.open(f"{member}.npy") as packed, open_atomic(path) as copy:
                    shutil.copyfileobj(packed, copy)
    return [load_npy(path, mmap_mode="r") for path in paths]


def _remove_other_versions(folder: Path, stem: str, version: str) -> None:
    """A process that has one of them open keeps it."""
    remove_stale_temporaries(folder)
    for path in folder.glob(f"{stem}-*.npy"):
        if not path.name.startswith(f"{version}-"):
            path.unlink(missing_ok=True)
