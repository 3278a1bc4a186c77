"""Files of arrays, .npy and IDX, gzipped or not: their headers, and their values in pieces. Nothing is unpickled, and
nothing is mapped into memory, where a large file takes more addresses than a conversion may have."""

import gzip
import io
import math
import tokenize
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archives.errors import InvalidArchive
from archives.member import PIECE_BYTES, Budget
from archives.names import quote

Array = NDArray[Any]
EXPECTED = (
    "expected arrays of images and of labels under such names as x_train.npy and y_train.npy, x_test.npy and "
    "y_test.npy (a .npz has them), or train-images-idx3-ubyte and train-labels-idx1-ubyte"
)
_GZIP = b"\x1f\x8b"
_GZIP_BITS = 16 + zlib.MAX_WBITS
_IDX_BYTES = b"\0\0\x08"  # of unsigned bytes; the number of dimensions follows
_PIECE = 1 << 20
_BATCH = 1 << 24
_COLUMNS_BATCH = 1 << 28  # the whole file is read for each of these
# What NumPy and Python raise for headers that are damaged or made up.
_NO_HEADER = (
    *(ValueError, TypeError, ArithmeticError, SyntaxError, LookupError, RecursionError),
    *(tokenize.TokenError, zlib.error, MemoryError),  # Python's parser has none left for deep nesting
)


class Header(NamedTuple):
    """`offset` is that of the values, in bytes; if `is_fortran`, the first index varies fastest."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    is_fortran: bool = False

    @property
    def bytes(self) -> int:
        """Of the file."""
        return self.offset + math.prod(self.shape) * self.dtype.itemsize


def read_header(start: bytes, name: str) -> Header:
    """From the first piece of a file, which may be gzipped. Raises InvalidArchive."""
    try:
        if start.startswith(_GZIP):
            start = zlib.decompressobj(_GZIP_BITS).decompress(start, PIECE_BYTES)
        return _read_idx(start) if start.startswith(_IDX_BYTES) else _read_npy(start)
    except _NO_HEADER as error:
        raise InvalidArchive(f"{_unreadable(name)}: {quote(str(error) or type(error).__name__)}; {EXPECTED}") from error


def _read_idx(start: bytes) -> Header:
    file = io.BytesIO(start[len(_IDX_BYTES) :])
    dimensions = int.from_bytes(file.read(1))
    lengths = file.read(4 * dimensions)
    if not dimensions or len(lengths) != 4 * dimensions:
        raise ValueError("its header is cut short")
    shape = tuple(int.from_bytes(lengths[at : at + 4], "big") for at in range(0, len(lengths), 4))
    return Header(shape, np.dtype(np.uint8), len(_IDX_BYTES) + 1 + len(lengths))


def _read_npy(start: bytes) -> Header:
    file = io.BytesIO(start)
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the format; save it as version 1 or 2")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, is_fortran, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("it has Python objects, which are not unpickled")
    if not dtype.itemsize or any(length < 0 for length in shape):
        raise ValueError(f"shape {shape} of {dtype}")
    return Header(tuple(map(int, shape)), dtype, file.tell(), bool(is_fortran))


class ArrayFile:
    """A file that is as long as its header says. Raises InvalidArchive."""

    def __init__(self, path: Path, name: str, header: Header) -> None:
        self.path = path
        self.name = name
        self.header = header
        if (size := path.stat().st_size) < header.bytes:
            raise InvalidArchive(
                f"{_unreadable(name)}: it has {size:,} bytes, and {header.bytes:,} according to its header; it is cut "
                "short, save it again"
            )

    def read(self) -> Iterator[Array]:
        """In order, along the first axis, as many as fit into some megabytes, one at least."""
        count, *inner = self.header.shape
        row_bytes = math.prod(inner) * self.header.dtype.itemsize
        is_fortran = self.header.is_fortran and bool(inner)
        step = max(1, (_COLUMNS_BATCH if is_fortran else _BATCH) // max(1, row_bytes))
        with self.path.open("rb") as file:
            file.seek(self.header.offset)
            for first in range(0, count, step):
                number = min(step, count - first)
                yield self._columns(file, first, number) if is_fortran else self._values(file, (number, *inner))

    def _columns(self, file: BinaryIO, first: int, number: int) -> Array:
        """`number` rows from `first`, of a file that has all first values, then all second ones."""
        count, *inner = self.header.shape
        columns = np.empty((math.prod(inner), number), self.header.dtype)
        step = max(1, _PIECE // (count * self.header.dtype.itemsize))
        file.seek(self.header.offset)
        for at in range(0, len(columns), step):
            some = min(step, len(columns) - at)
            columns[at : at + some] = self._values(file, (some, count))[:, first : first + number]
        return columns.reshape(*reversed(inner), number).T

    def _values(self, file: BinaryIO, shape: tuple[int, ...]) -> Array:
        data = file.read(math.prod(shape) * self.header.dtype.itemsize)
        return np.frombuffer(data, self.header.dtype).reshape(shape)


def unpack(path: Path, name: str, budget: Budget, heartbeat: Callable[[], None]) -> None:
    """Replace a file that gzip has compressed by its content. Raises InvalidArchive."""
    with path.open("rb") as file:
        if file.read(len(_GZIP)) != _GZIP:
            return
    target = path.with_suffix(".unpacked")
    with target.open("wb") as unpacked:
        for piece in budget.bound(_gunzip(path, name)):
            unpacked.write(piece)
            heartbeat()
    target.replace(path)


def _gunzip(path: Path, name: str) -> Iterator[bytes]:
    try:
        with gzip.open(path) as packed:
            yield from iter(lambda: packed.read(_PIECE), b"")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InvalidArchive(f"{quote(name)} is damaged: {error}; pack it again") from error


def _unreadable(name: str) -> str:
    return f"{quote(name)} is not an array of numbers that can be read"
