"""Recent predictions, kept in files for a while, so that they can be corrected.

A prediction must not wait for the disk: it is buffered in memory, and a background thread appends it to a file, a
*segment* that belongs to the process. A prediction's id contains its segment and offset. Nothing is synced: predictions
expire anyway.
"""

import logging
import secrets
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from models_store.errors import NotFound
from models_store.ids import describe_id_mistake
from models_store.predictions.ids import MAX_OFFSET, SEGMENT_NUMBERS, Place, format_id, parse_id

FOLDER = "predictions"
_SUFFIX = ".bin"
# A record: its id, the lengths of its three parts, the probability; then origin, label and sample.
_HEAD = struct.Struct(">16sHHIf")
_SEGMENT_BYTES = 8_000_000
# The files that hold everything, so that the oldest can be removed one at a time.
_SEGMENTS = 16
# Buffered while the disk is slow or full.
_WAITING_BYTES = 16_000_000
_FORGET_SECONDS = 10.0
# After which every process has written its buffer, even under load.
OTHERS_WRITE_SECONDS = 3.0

Sample = NDArray[np.uint8 | np.float32]

log = logging.getLogger(__name__)


class Origin:
    """The model of a prediction. `shape` is that of its input: (height, width, channels), uint8, or (features,),
    float32."""

    def __init__(self, experiment_id: str, dataset: str, shape: tuple[int, ...]) -> None:
        self.encoded = orjson.dumps({"experiment_id": experiment_id, "dataset": dataset, "shape": shape})


class KeptPrediction(NamedTuple):
    """A recent prediction: the predicted class, and the sample as the network received it."""

    id: str
    experiment_id: str
    dataset: str
    label: str
    probability: float
    sample: Sample


class _Segment:
    """The file that is being written. `length` includes the buffer."""

    def __init__(self) -> None:
        self.number = secrets.randbelow(SEGMENT_NUMBERS)
        self.begun_at = time.monotonic()
        self.length = 0
        self.is_on_disk = False


class RecentPredictions:
    """Safe for any number of threads; any number of processes and machines may share `folder`, and read what the others
    have written."""

    def __init__(self, folder: Path, kept_seconds: float, max_bytes: int) -> None:
        """Predictions are kept for `kept_seconds`, the oldest for less if all would take more than `max_bytes` on disk;
        if either is 0, none are kept."""
        self._folder = folder
        self._kept_seconds = kept_seconds
        self._max_bytes = max_bytes
        self._segment_bytes = min(_SEGMENT_BYTES, max_bytes // _SEGMENTS)
        self._segment_seconds = kept_seconds / _SEGMENTS
        self._is_on = kept_seconds > 0 and max_bytes > 0
        self._segment = _Segment()
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._forget_at = time.monotonic()

    def prepare(self) -> None:
        """Make the folder. Raises OSError if it is not writable."""
        self._folder.mkdir(parents=True, exist_ok=True)

    # -- while predicting --------------------------------------------------------------------------------------------

    def keep(self, origin: Origin, sample: Sample, label: str, probability: float) -> str:
        """Buffer a prediction and return its id; takes a few microseconds and never waits for the disk. While the
        buffer is full it is not kept, but has an id."""
        name, data = label.encode(), sample.tobytes()
        length = _HEAD.size + len(origin.encoded) + len(name) + len(data)
        milliseconds = time.time_ns() // 1_000_000
        with self._lock:
            if not self._is_on or self._waiting_bytes + length > _WAITING_BYTES:
                return format_id(Place(milliseconds, secrets.randbelow(SEGMENT_NUMBERS), MAX_OFFSET).number)
            number = Place(milliseconds, self._segment.number, self._segment.length).number
            head = _HEAD.pack(number.to_bytes(16), len(origin.encoded), len(name), len(data), probability)
            self._waiting += (head, origin.encoded, name, data)
            self._waiting_bytes += length
            self._segment.length += length
        return format_id(number)

    # -- beside the requests -----------------------------------------------------------------------------------------

    def upkeep(self) -> None:
        """Write the buffer, and from time to time remove old segments."""
        self.flush()
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + _FORGET_SECONDS
            self.remove_expired()

    def flush(self) -> None:
        """Write the buffer. Predictions that cannot be written are dropped."""
        with self._writing:
            with self._lock:
                segment, waiting = self._segment, self._waiting
                self._waiting, self._waiting_bytes = [], 0
                if self._is_full(segment):
                    self._segment = _Segment()
            if not waiting:
                return
            try:
                self._append(segment, b"".join(waiting))
            except OSError as error:
                log.warning("%d predictions are not kept: %s", len(waiting) // 4, error)
                self._start_segment(segment)

    def _is_full(self, segment: _Segment) -> bool:
        age = time.monotonic() - segment.begun_at
        return segment.length >= self._segment_bytes or (segment.length > 0 and age > self._segment_seconds)

    def _append(self, segment: _Segment, data: bytes) -> None:
        # If the file was removed, appended records would not be at the offsets in their ids.
        with self._path(segment.number).open("r+b" if segment.is_on_disk else "xb") as file:
            segment.is_on_disk = True
            file.seek(0, 2)
            file.write(data)

    def _start_segment(self, failed: _Segment) -> None:
        """Also drops the buffer, whose ids contain the failed segment. Restores the folder if it was removed."""
        with suppress(OSError):
            self.prepare()
        with self._lock:
            if self._segment is failed:
                self._segment, self._waiting, self._waiting_bytes = _Segment(), [], 0

    def remove_expired(self) -> None:
        """Remove the segments that are too old, and the oldest ones while all take too many bytes."""
        segments = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            segments.append((status.st_mtime, status.st_size, path))
        left, oldest = sum(size for _, size, _ in segments), time.time() - self._kept_seconds
        for written_at, size, path in sorted(segments):
            if written_at >= oldest and left <= self._max_bytes:
                return
            path.unlink(missing_ok=True)
            left -= size

    # -- when a correction is posted ----------------------------------------------------------------------------------

    def may_come(self, prediction_id: str) -> bool:
        """Whether it is not on disk, but as new as what other processes may still have in their buffers."""
        place = parse_id(prediction_id)
        if place is None or place.offset == MAX_OFFSET or place.segment == self._segment.number:
            return False
        is_new = time.time() - place.milliseconds / 1000 < OTHERS_WRITE_SECONDS
        return is_new and self._read(prediction_id, place) is None

    def get(self, prediction_id: str, is_shown: Callable[[str], bool] = lambda _: True) -> KeptPrediction:
        """Raises NotFound, also if it has expired, or its experiment is not shown to who asks."""
        place = parse_id(prediction_id)
        if place is None:
            raise NotFound(f"prediction {prediction_id[:50]!r} not found: {describe_id_mistake(prediction_id)}")
        self.flush()
        is_recent = time.time() - place.milliseconds / 1000 <= self._kept_seconds
        found = self._read(prediction_id, place) if is_recent else None
        if found is None or not is_shown(found.experiment_id):
            raise NotFound(
                f"prediction {prediction_id} not found, or expired: predictions are kept for {self._kept_seconds:g} s, "
                f"and at most {self._max_bytes:,} bytes of them; predict again and label that prediction"
            )
        return found

    def _read(self, prediction_id: str, place: Place) -> KeptPrediction | None:
        try:
            with self._path(place.segment).open("rb") as file:
                file.seek(place.offset)
                head = file.read(_HEAD.size)
                if len(head) < _HEAD.size or head[:16] != place.number.to_bytes(16):
                    return None
                _, *lengths, probability = _HEAD.unpack(head)
                parts = [file.read(length) for length in lengths]
        except OSError:  # expired, or unreadable
            return None
        try:
            origin, label = orjson.loads(parts[0]), parts[1].decode()
            shape = tuple(origin["shape"])
            sample = np.frombuffer(parts[2], dtype=np.uint8 if len(shape) == 3 else np.float32).reshape(shape)
            return KeptPrediction(prediction_id, origin["experiment_id"], origin["dataset"], label, probability, sample)
        except (ValueError, KeyError):  # truncated, or overwritten
            return None

    def _path(self, segment: int) -> Path:
        return self._folder / f"{segment:012x}{_SUFFIX}"
