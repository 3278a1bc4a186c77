"""Conversion of an upload: its layout is judged, then each image is decoded as a check and packed as it was sent."""

import hashlib
import lzma
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
from numpy.typing import NDArray

from archives.errors import InvalidArchive
from archives.names import quote
from imaging.decode import decode
from imaging.errors import ImageError
from imaging.wide_colors import fixed_white
from models_store.artifacts import write_manifest
from models_store.datasets.images import DATA_FILE, IMAGES_FILE, INDEX, INDEX_FILE, NAMES_FILE, WHITE_FILE
from models_store.datasets.record import Contents, Counts, FilesDone, Unreadable
from specs.splits import SOURCE_SPLITS
from worker.conversion.brightness import Brightness
from worker.conversion.decoded import Decoded
from worker.conversion.labeled_images import LabeledImages, SourceImage
from worker.conversion.report import build_warnings, count_sizes
from worker.conversion.source import open_images
from worker.jobs.messages import ConversionJob

_REPORT_SECONDS = 0.5
_DECODED_FILE = "decoded.raw"
_MAX_LISTED = 100
_ARCHIVE_STARTS = (b"PK\3\4", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"(\xb5/\xfd")
Report = Callable[[FilesDone], None]
Rows = NDArray[Any]


class Packing:
    """Images packed so far, in the order of the upload."""

    def __init__(self, data: BinaryIO, decoded: Decoded, max_pixels: int) -> None:
        self._data = data
        self._decoded = decoded
        self._max_pixels = max_pixels
        self.names: list[str] = []
        self.rows: list[tuple[Any, ...]] = []
        self.unreadable: list[Unreadable] = []
        self.brightness = Brightness()

    def add(self, file: SourceImage) -> None:
        content = file.content
        if content.startswith(_ARCHIVE_STARTS) or content[257:262] == b"ustar":
            raise InvalidArchive(f"{quote(file.name)} is an archive within the archive; unpack it first")
        try:
            image = self.brightness.decode(content, self._max_pixels)
        except ImageError as error:
            self.unreadable.append(Unreadable(name=file.name, reason=str(error)))
            return
        digest = np.frombuffer(hashlib.sha256(content).digest(), dtype=np.uint8)
        channels = 1 if image.mode == "L" else 3
        split, label = file.place
        self.rows.append((self._data.tell(), len(content), label, split, image.height, image.width, channels, digest))
        self.names.append(file.name)
        self._data.write(content)
        self._decoded.add(image)

    def share_white(self, heartbeat: Callable[[], None]) -> None:
        """Decode images again that have another white than those of the whole upload."""
        if not self._decoded.is_kept:
            return
        self._data.flush()
        find_white = fixed_white(self.brightness.white)
        with Path(self._data.name).open("rb") as data:
            for number in self.brightness.find_too_bright():
                offset, length = self.rows[number][:2]
                data.seek(offset)
                self._decoded.replace(number, decode(data.read(length), self._max_pixels, find_white))
                heartbeat()


class _Heartbeat:
    """Reports progress twice a second; without a number, that the conversion is still running."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._done = FilesDone()
        self._due = time.monotonic()

    def __call__(self, done: int | None = None, total: int | None = None) -> None:
        self._done = self._done if done is None else FilesDone(done=done, total=total)
        if time.monotonic() >= self._due:
            self._report(self._done)
            self._due = time.monotonic() + _REPORT_SECONDS


def convert(job: ConversionJob, report: Report) -> Contents:
    """Write all files of `models_store.datasets.images` into `job.staged`. Raises InvalidArchive."""
    raw = job.staged / _DECODED_FILE
    heartbeat = _Heartbeat(report)
    source = open_images(job, heartbeat)
    with (job.staged / DATA_FILE).open("wb") as data, raw.open("wb") as decoded_data:
        decoded = Decoded(decoded_data)
        packing = Packing(data, decoded, job.max_pixels)
        for done, image in enumerate(source.images, 1):
            packing.add(image)
            heartbeat(done, source.total)
        packing.share_white(heartbeat)
    # The rest takes seconds, minutes on a slow disk: the supervisor would take silence for a hang.
    heartbeat()
    _reject_unreadable_classes(source.classes, packing)
    rows = np.array(packing.rows, dtype=INDEX)
    keys = zip(rows["split"].tolist(), rows["label"].tolist(), packing.names, strict=True)
    order = np.array([number for _, number in sorted((key, number) for number, key in enumerate(keys))])
    index, names = rows[order], [packing.names[number] for number in order]
    np.save(job.staged / INDEX_FILE, index)
    if packing.brightness.white is not None:
        (job.staged / WHITE_FILE).write_bytes(orjson.dumps(packing.brightness.white))
    heartbeat()
    (job.staged / NAMES_FILE).write_bytes(lzma.compress(orjson.dumps(names), preset=1))
    decoded.write(job.staged / IMAGES_FILE, order, int(index["channels"].max()), heartbeat)
    raw.unlink()
    write_manifest(job.staged, heartbeat)
    return _contents(job.staged, index, names, source, packing)


def _reject_unreadable_classes(classes: Sequence[str], packing: Packing) -> None:
    trained = {label for _, _, label, split, *_ in packing.rows if split == 0}
    for label, name in enumerate(classes):
        if label not in trained:
            first = next(iter(packing.unreadable), None)
            reason = f": {quote(first.name)}: {first.reason}" if first else ""
            raise InvalidArchive(f"class {quote(name)} has no readable image to train on{reason}")


def _shape(index: Rows) -> tuple[int, int, int] | None:
    """The shape of all images, None if they differ; with any color image all have three channels."""
    heights, widths = np.unique(index["height"]), np.unique(index["width"])
    if len(heights) > 1 or len(widths) > 1:
        return None
    return int(heights[0]), int(widths[0]), int(index["channels"].max())


def _contents(staged: Path, index: Rows, names: Sequence[str], source: LabeledImages, packing: Packing) -> Contents:
    counts: Counts = {
        split: tuple(np.bincount(index["label"][index["split"] == number], minlength=len(source.classes)).tolist())
        for number, split in enumerate(SOURCE_SPLITS)
        if split != "validation" or number in index["split"]
    }
    sizes, found = count_sizes(index)
    return Contents(
        classes=source.classes,
        counts=counts,
        image_shape=_shape(index),
        sizes=sizes,
        sizes_found=found,
        unreadable=tuple(packing.unreadable[:_MAX_LISTED]),
        unreadable_files=len(packing.unreadable),
        ignored=source.ignored,
        ignored_files=source.ignored_files,
        split_names=source.split_names,
        warnings=(
            *source.warnings,
            *build_warnings(index, names, source.classes, counts, packing.unreadable),
            *packing.brightness.find_warnings(),
        ),
        bytes=sum(path.stat().st_size for path in staged.iterdir()),
    )
