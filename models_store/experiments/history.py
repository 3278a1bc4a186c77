"""The history of an experiment: metrics by epoch, stored as one line of JSON per epoch."""

import os
from collections.abc import Sequence
from pathlib import Path

import orjson
from pydantic import ValidationError

from models_store.errors import Damaged
from models_store.experiments.points import Point
from models_store.files import storage_errors, write_atomic
from models_store.frozen import Frozen

HISTORY_FILE = "history.jsonl"


class History(Frozen):
    """Epochs in order, without gap or repetition. `damaged` if the file has unreadable lines after them."""

    points: tuple[Point, ...] = ()
    damaged: bool = False

    @property
    def epoch(self) -> list[int]:
        """The numbers of the epochs, from 0; Keras's `History.epoch`."""
        return [point.epoch for point in self.points]

    @property
    def metrics(self) -> dict[str, list[float | None]]:
        """Metric name to its values by epoch, None where not finite or missing; Keras's `History.history`."""
        names = dict.fromkeys(name for point in self.points for name in point.metrics)
        return {name: [point.metrics.get(name) for point in self.points] for name in names}

    @property
    def seconds(self) -> list[float]:
        """The duration of each epoch: its training and validation."""
        return [point.seconds for point in self.points]

    def skip(self, epochs: int) -> "History":
        """Without the first `epochs` epochs."""
        return History(points=self.points[epochs:], damaged=self.damaged)


def encode(point: Point) -> bytes:
    return orjson.dumps(point.model_dump())


def append(folder: Path, point: Point) -> None:
    """Add one line, durably. Only for the holder of the claim, under the experiment's lock."""
    descriptor = os.open(folder / HISTORY_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        try:
            with storage_errors(HISTORY_FILE):
                _write_all(descriptor, encode(point) + b"\n")
                os.fsync(descriptor)
        except BaseException:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def rewrite(folder: Path, points: Sequence[Point]) -> None:
    """Replace the whole file: a later attempt resumes from its checkpoint's history."""
    write_atomic(folder / HISTORY_FILE, b"".join(encode(point) + b"\n" for point in points))


def read(folder: Path) -> History:
    """The epochs up to the first unreadable line. A last line without its newline is a write that never finished: it
    is ignored and is not damage."""
    try:
        data = (folder / HISTORY_FILE).read_bytes()
    except FileNotFoundError:
        return History()
    whole, _, _torn = data.rpartition(b"\n")
    points: list[Point] = []
    for line in whole.split(b"\n") if whole else []:
        point = _parse(line)
        if point is None or point.epoch != len(points):
            return History(points=tuple(points), damaged=True)
        points.append(point)
    return History(points=tuple(points))


def _parse(line: bytes) -> Point | None:
    try:
        return Point.model_validate(orjson.loads(line))
    except (orjson.JSONDecodeError, ValidationError):
        return None


def check(folder: Path, epochs_completed: int) -> None:
    """Raise Damaged unless the file holds the `epochs_completed` epochs of the record."""
    history = read(folder)
    if history.damaged or len(history.points) < epochs_completed:
        raise Damaged(
            f"{HISTORY_FILE} holds {len(history.points)} sound epochs, the record says {epochs_completed}; "
            "the rest of it is unreadable"
        )
