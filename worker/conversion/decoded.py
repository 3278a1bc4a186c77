"""Decoded images of a dataset, kept while all of them have the same small size."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SMALL_PIXELS = 64 * 64
_CHANNELS = 3
_BATCH = 1_000


class Decoded:
    """A file of images in the order of the archive, as long as all have the size of the first one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size: tuple[int, int] | None = None
        self._is_uniform = True

    def add(self, image: Image.Image) -> None:
        self._size = self._size or image.size
        width, height = image.size
        if image.size != self._size or width * height > _SMALL_PIXELS:
            self._is_uniform = False
            self._file.truncate(0)
        if self._is_uniform:
            self._file.write(image.convert("RGB").tobytes())

    def replace(self, number: int, image: Image.Image) -> None:
        """Put `image` in the place of the one that was added as `number`."""
        self._file.seek(number * image.width * image.height * _CHANNELS)
        self._file.write(image.convert("RGB").tobytes())

    @property
    def is_kept(self) -> bool:
        return self._is_uniform and self._size is not None

    def write(self, path: Path, order: NDArray[np.int64], channels: int, heartbeat: Callable[[], None]) -> None:
        """Write those in `order` as .npy, if all have one small size; call it after closing the file. Calls `heartbeat`
        after each batch."""
        if self._is_uniform and self._size is not None:
            width, height = self._size
            images = np.memmap(self._file.name, dtype=np.uint8, mode="r").reshape(-1, height, width, _CHANNELS)
            with path.open("wb") as file:
                header = {"descr": "|u1", "fortran_order": False, "shape": (len(order), height, width, channels)}
                np.lib.format.write_array_header_1_0(file, header)
                for start in range(0, len(order), _BATCH):
                    # Gray pixels have the same value three times.
                    file.write(images[order[start : start + _BATCH], :, :, :channels].tobytes())
                    heartbeat()
