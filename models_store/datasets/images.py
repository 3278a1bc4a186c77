"""The images of a converted dataset: packed as they were sent, found by an index, resized once for each size.

| file | content |
|---|---|
| `images.bin` | the files' bytes, one after the other |
| `index.npy` | one row of the dtype `INDEX` for each image, sorted by split, then by class |
| `names.json.xz` | the names of the files in the archive, in the same order |
| `white.json` | only if there are PNGs of 16 bits: the value of white in all of them |
| `images.npy` | only if all images have one small size: uint8 (images, height, width, channels) |
| `manifest.json` | the size and the sha256 of each of them |
"""

import hashlib
import lzma
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from models_store.artifacts import check_sizes
from models_store.errors import Damaged
from models_store.files import open_atomic, remove_stale_temporaries
from models_store.npz import load_npy
from models_store.versions import find_file, rename_columns

IMAGES = "images"
CACHE = "cache"
DATA_FILE = "images.bin"
INDEX_FILE = "index.npy"
NAMES_FILE = "names.json.xz"
IMAGES_FILE = "images.npy"
WHITE_FILE = "white.json"
INDEX = np.dtype(
    [
        ("offset", "<u8"),
        ("length", "<u4"),
        ("label", "<u4"),
        ("split", "u1"),  # an index of SOURCE_SPLITS
        ("height", "<u4"),  # upright, as `imaging.decode` turns it
        ("width", "<u4"),
        ("channels", "u1"),
        ("sha256", "u1", 32),
    ]
)
_BATCH = 64
# Older ones are removed; a process that has one open keeps it.
_MAX_CACHED = 6

Images = NDArray[np.uint8]
Shape = tuple[int, int, int]  # height, width, channels


class StoredImages:
    """The images in the folder of one dataset. Raises Damaged if they do not match the manifest. Safe for any number of
    threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = find_file(folder, IMAGES)
        self._cache = folder / CACHE
        check_sizes(self._folder)
        try:
            self.index = rename_columns(load_npy(self._folder / INDEX_FILE), INDEX)
        except (OSError, ValueError) as error:
            raise Damaged(f"{INDEX_FILE} of dataset {folder.name} cannot be read: {error}") from error
        if self.index.dtype != INDEX:
            raise Damaged(f"{INDEX_FILE} of dataset {folder.name} has other columns than expected")

    def __len__(self) -> int:
        return len(self.index)

    @property
    def labels(self) -> NDArray[np.int64]:
        """(images,) class indices."""
        return self.index["label"].astype(np.int64)

    @property
    def splits(self) -> NDArray[np.uint8]:
        """(images,) indices of SOURCE_SPLITS."""
        return self.index["split"].astype(np.uint8)

    @cached_property
    def names(self) -> list[str]:
        """The names of the files in the archive."""
        try:
            names: list[str] = orjson.loads(lzma.decompress((self._folder / NAMES_FILE).read_bytes()))
        except (OSError, lzma.LZMAError, orjson.JSONDecodeError) as error:
            raise Damaged(f"{NAMES_FILE} cannot be read: {error}") from error
        return names

    @cached_property
    def white(self) -> int | None:
        """The value of white in images of 16 bits, 255 to 65,535; None if each has its own."""
        path = self._folder / WHITE_FILE
        try:
            return int(orjson.loads(path.read_bytes())) if path.is_file() else None
        except (OSError, ValueError, TypeError) as error:
            raise Damaged(f"{WHITE_FILE} cannot be read: {error}") from error

    @cached_property
    def native(self) -> Images | None:
        """(images, height, width, channels) in their own size, memory-mapped; None if sizes differ or are large."""
        path = self._folder / IMAGES_FILE
        return load_npy(path, mmap_mode="r") if path.is_file() else None

    @cached_property
    def _data(self) -> NDArray[np.uint8]:
        return np.memmap(find_file(self._folder, DATA_FILE), dtype=np.uint8, mode="r")

    def read(self, number: int) -> bytes:
        """The file as it was sent. Raises Damaged if its sha256 does not match."""
        row = self.index[number]
        start = int(row["offset"])
        data = self._data[start : start + int(row["length"])].tobytes()
        if hashlib.sha256(data).digest() != row["sha256"].tobytes():
            raise Damaged(f"image {number} ({self.names[number]}) does not match its sha256; upload the dataset again")
        return data

    def resize(self, shape: Shape, mode: str, to_array: Callable[[bytes], Images]) -> Images:
        """All images as uint8 (images, *shape), memory-mapped: from the cache, or converted by `to_array` and cached.
        `mode` is how `to_array` resizes; with `shape` it names the cached file.

        Memory is bounded by a batch, regardless of size and number of the images.
        """
        images = self.read_cached(shape, mode)
        return self._fill_cache(shape, mode, to_array) if images is None else images

    def read_cached(self, shape: Shape, mode: str) -> Images | None:
        """The result of `resize`, if it is in the cache."""
        try:
            images: Images = load_npy(self._cached_file(shape, mode), mmap_mode="r")
        except (OSError, ValueError):
            return None
        return images if images.shape == (len(self), *shape) else None

    def some(self, numbers: NDArray[np.int64], shape: Shape, to_array: Callable[[bytes], Images]) -> Images:
        """The images `numbers` as uint8 (numbers, *shape) in memory, converted by `to_array`; nothing is cached."""
        images = np.empty((len(numbers), *shape), np.uint8)
        for place, array in enumerate(self._convert(numbers, to_array)):
            images[place] = array
        return images

    def _cached_file(self, shape: Shape, mode: str) -> Path:
        return self._cache / f"{'x'.join(map(str, shape))}-{mode}.npy"

    def _fill_cache(self, shape: Shape, mode: str, to_array: Callable[[bytes], Images]) -> Images:
        self._cache.mkdir(exist_ok=True)
        self._evict_oldest()
        path = self._cached_file(shape, mode)
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(self), *shape)}
        with open_atomic(path) as file:
            np.lib.format.write_array_header_1_0(file, header)
            for array in self._convert(np.arange(len(self)), to_array):
                file.write(array.tobytes())
        return load_npy(path, mmap_mode="r")

    def _convert(self, numbers: NDArray[np.int64], to_array: Callable[[bytes], Images]) -> Iterator[Images]:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for start in range(0, len(numbers), _BATCH):
                yield from threads.map(to_array, map(self.read, numbers[start : start + _BATCH].tolist()))

    def _evict_oldest(self) -> None:
        """Make room for one more, and remove leftovers of killed trainers."""
        remove_stale_temporaries(self._cache)
        cached = sorted(self._cache.glob("[0-9]*.npy"), key=lambda path: path.stat().st_mtime)
        for path in cached[: max(0, len(cached) - _MAX_CACHED + 1)]:
            path.unlink(missing_ok=True)
