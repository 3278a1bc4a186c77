"""Conversion of an archive in one pass: each image is decoded as a check, and packed as it was sent."""

import hashlib
import lzma
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
from numpy.typing import NDArray

from archives.errors import InvalidArchive
from archives.names import quote
from imaging.decode import decode
from imaging.errors import ImageError
from models_store.artifacts import write_manifest
from models_store.datasets.images import DATA_FILE, IMAGES_FILE, INDEX, INDEX_FILE, NAMES_FILE
from models_store.datasets.record import Contents, FilesDone, Unreadable
from specs.splits import SOURCE_SPLITS
from worker.conversion.decoded import Decoded
from worker.conversion.layout import Layout, parse_layout
from worker.conversion.members import UploadedFile, UploadedFiles
from worker.conversion.report import build_warnings, count_sizes
from worker.jobs.messages import ConversionJob

_REPORT_SECONDS = 0.5
_DECODED_FILE = "decoded.raw"
_MAX_LISTED = 100
_ARCHIVE_STARTS = (b"PK\3\4", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"(\xb5/\xfd")
Report = Callable[[FilesDone], None]
Rows = NDArray[Any]


class Packing:
    """Images packed so far, in the archive's order."""

    def __init__(self, data: BinaryIO, decoded: Decoded, max_pixels: int) -> None:
        self._data = data
        self._decoded = decoded
        self._max_pixels = max_pixels
        self.files: list[tuple[str, ...]] = []
        self.folders: list[tuple[str, ...]] = []
        self.rows: list[tuple[Any, ...]] = []
        self.unreadable: dict[int, Unreadable] = {}

    def add(self, file: UploadedFile) -> None:
        if file.is_folder:
            self.folders.append(file.path)
            return
        content = file.content
        if content.startswith(_ARCHIVE_STARTS) or content[257:262] == b"ustar":
            raise InvalidArchive(f"{quote(file.name)} is an archive within the archive; unpack it first")
        try:
            image = decode(content, self._max_pixels)
        except ImageError as error:
            self.unreadable[len(self.files)] = Unreadable(name=file.name, reason=str(error))
            self.files.append(file.path)
            self.rows.append((0, 0, 0, 0, 0, 0, 0, _NO_SUM))
            return
        digest = np.frombuffer(hashlib.sha256(content).digest(), dtype=np.uint8)
        channels = 1 if image.mode == "L" else 3
        row = (self._data.tell(), len(content), 0, 0, image.height, image.width, channels, digest)
        self._data.write(content)
        self._decoded.add(image)
        self.files.append(file.path)
        self.rows.append(row)


_NO_SUM = np.zeros(32, dtype=np.uint8)


class _Heartbeat:
    """Reports progress twice a second; without a number, that the conversion is still running."""

    def __init__(self, files: UploadedFiles, report: Report) -> None:
        self._files = files
        self._report = report
        self._done = 0
        self._due = time.monotonic()

    def __call__(self, done: int | None = None) -> None:
        self._done = self._done if done is None else done
        if time.monotonic() >= self._due:
            self._report(FilesDone(done=self._done, total=self._files.total))
            self._due = time.monotonic() + _REPORT_SECONDS


def convert(job: ConversionJob, report: Report) -> Contents:
    """Write all files of `models_store.datasets.images` into `job.staged`. Raises InvalidArchive."""
    files = UploadedFiles(job.archive, job.limits)
    raw = job.staged / _DECODED_FILE
    with (job.staged / DATA_FILE).open("wb") as data, raw.open("wb") as decoded_data:
        decoded = Decoded(decoded_data)
        packing = Packing(data, decoded, job.max_pixels)
        heartbeat = _Heartbeat(files, report)
        for done, file in enumerate(files, 1):
            packing.add(file)
            heartbeat(done)
    # The rest takes seconds, minutes on a slow disk: the supervisor would take silence for a hang.
    heartbeat()
    layout = parse_layout(packing.files, packing.folders)
    order, index, names = _index(packing, layout)
    _reject_unreadable_classes(index, layout, packing)
    np.save(job.staged / INDEX_FILE, index)
    heartbeat()
    (job.staged / NAMES_FILE).write_bytes(lzma.compress(orjson.dumps(names), preset=1))
    decoded.write(job.staged / IMAGES_FILE, order, int(index["channels"].max()), heartbeat)
    raw.unlink()
    write_manifest(job.staged, heartbeat)
    return _contents(job.staged, index, names, layout, packing, files.ignored)


def _index(packing: Packing, layout: Layout) -> tuple[NDArray[np.int64], Rows, list[str]]:
    """Rows by split, class and name, without the unreadable ones, and the position of each in the packed file."""
    rows = np.array(packing.rows, dtype=INDEX)
    rows["split"] = [place.split for place in layout.places]
    rows["label"] = [place.label for place in layout.places]
    names = ["/".join(parts) for parts in packing.files]
    readable = [number for number in range(len(names)) if number not in packing.unreadable]
    order = sorted(readable, key=lambda number: (*layout.places[number], names[number]))
    # The n-th readable file is the n-th packed one.
    packed = np.searchsorted(np.array(readable), np.array(order))
    return packed, rows[order], [names[number] for number in order]


def _reject_unreadable_classes(index: Rows, layout: Layout, packing: Packing) -> None:
    trained = set(index["label"][index["split"] == 0].tolist())
    for label, name in enumerate(layout.classes):
        if label not in trained:
            first = next(iter(packing.unreadable.values()), None)
            reason = f": {quote(first.name)}: {first.reason}" if first else ""
            raise InvalidArchive(f"class {quote(name)} has no readable image to train on{reason}")


def _shape(index: Rows) -> tuple[int, int, int] | None:
    """The shape of all images, None if they differ; with any color image all have three channels."""
    heights, widths = np.unique(index["height"]), np.unique(index["width"])
    if len(heights) > 1 or len(widths) > 1:
        return None
    return int(heights[0]), int(widths[0]), int(index["channels"].max())


def _contents(staged: Path, index: Rows, names: list[str], layout: Layout, packing: Packing, ignored: int) -> Contents:
    counts = {
        split: tuple(np.bincount(index["label"][index["split"] == number], minlength=len(layout.classes)).tolist())
        for number, split in enumerate(SOURCE_SPLITS)
    }
    sizes, found = count_sizes(index)
    return Contents(
        classes=layout.classes,
        counts=counts,
        image_shape=_shape(index),
        sizes=sizes,
        sizes_found=found,
        unreadable=tuple(packing.unreadable.values())[:_MAX_LISTED],
        unreadable_files=len(packing.unreadable),
        ignored_files=ignored,
        warnings=build_warnings(index, names, layout.classes, counts, len(packing.unreadable)),
        bytes=sum(path.stat().st_size for path in staged.iterdir()),
    )
