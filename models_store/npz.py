"""Reading .npy files and .npz archives that may be damaged, or not be ones at all."""

import sys
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tokenize import TokenError
from typing import Any, Literal
from zipfile import BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from models_store.errors import Damaged
from models_store.versions import former_name

_MAX_BYTES = 8_000_000_000
_SUFFIX = ".npy"
# numpy parses headers by ast.literal_eval, which fails in threads ("AST constructor recursion depth mismatch") until
# Python 3.11.8 (CPython issue 106905).
_ONE_PARSER = threading.Lock() if sys.version_info < (3, 11, 8) else nullcontext()

Array = NDArray[Any]


@contextmanager
def npz_errors(path: Path) -> Iterator[None]:
    """Turn what zipfile and numpy raise about a damaged archive into Damaged. Lets FileNotFoundError through."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, EOFError, ValueError, MemoryError, RuntimeError, BadZipFile, zlib.error, TokenError) as error:
        raise Damaged(f"{path.name} cannot be read: {error}") from error


def load_npy(path: Path, mmap_mode: Literal["r"] | None = None) -> Array:
    """The array in an .npy file, memory-mapped if `mmap_mode` is "r". Pickled objects are rejected. Safe for any number
    of threads.

    Raises OSError; ValueError if the file is not an .npy.
    """
    with _ONE_PARSER:
        array: Array = np.load(path, mmap_mode=mmap_mode, allow_pickle=False)
    return array


def read_npz(path: Path, names: Sequence[str] | None = None, max_bytes: int = _MAX_BYTES) -> dict[str, Array]:
    """The arrays `names`, also under their former names; all arrays if `names` is None. Pickled objects are rejected.

    Raises FileNotFoundError; Damaged if the file is not an .npz, lacks an array, or unpacks to over `max_bytes`.
    """
    with npz_errors(path), ZipFile(path) as archive:
        members = {info.filename.removesuffix(_SUFFIX): info for info in archive.infolist()}
        wanted = {name: _member(members, name) for name in (members if names is None else names)}
        size = sum(info.file_size for info in wanted.values())
        if size > max_bytes:
            raise ValueError(f"it unpacks to {size:,} bytes, more than {max_bytes:,}")
        return {name: _read(archive, info) for name, info in wanted.items()}


def _member(members: dict[str, ZipInfo], name: str) -> ZipInfo:
    info = members.get(name) or members.get(former_name(name))
    if info is None:
        raise ValueError(f"it has no array {name}")
    return info


def _read(archive: ZipFile, info: ZipInfo) -> Array:
    with archive.open(info) as member, _ONE_PARSER:
        array: Array = np.lib.format.read_array(member, allow_pickle=False)
        if member.read(1):
            raise ValueError(f"{info.filename} is longer than its header says")
        return array
