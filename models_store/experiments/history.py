"""The history of an experiment: one line of JSON for each epoch, in order, without gap or repetition."""

import os
from collections.abc import Sequence
from pathlib import Path

import orjson
from pydantic import ValidationError

from models_store.errors import Damaged
from models_store.experiments.record import Best, JsonObject, Point
from models_store.files import storage_errors, write_atomic

HISTORY_FILE = "history.jsonl"


def encode(point: Point) -> bytes:
    return orjson.dumps(point.model_dump())


def append(folder: Path, point: Point) -> None:
    """Add one line, durably. Only the holder of the claim, under the experiment's lock, may call it."""
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
    """Replace the whole file: a later attempt goes on from its checkpoint's history."""
    write_atomic(folder / HISTORY_FILE, b"".join(encode(point) + b"\n" for point in points))


def read(folder: Path) -> tuple[list[Point], bool]:
    """Return the points of the file's sound beginning, and whether it ended before the file did (it is damaged).

    A last line without its end is a write that never finished: it is left out and is no damage.
    """
    try:
        data = (folder / HISTORY_FILE).read_bytes()
    except FileNotFoundError:
        return [], False
    whole, _, _torn = data.rpartition(b"\n")
    points: list[Point] = []
    for line in whole.split(b"\n") if whole else []:
        try:
            point = Point.model_validate(orjson.loads(line))
        except (orjson.JSONDecodeError, ValidationError):
            return points, True
        if point.epoch != len(points):
            return points, True
        points.append(point)
    return points, False


def check(folder: Path, epochs_completed: int) -> None:
    """Raise Damaged unless the file holds the `epochs_completed` epochs that the record speaks of."""
    points, damaged = read(folder)
    if damaged or len(points) < epochs_completed:
        raise Damaged(
            f"{HISTORY_FILE} holds {len(points)} sound epochs, the record says {epochs_completed}; "
            "the rest of it is unreadable"
        )


def as_columns(points: Sequence[Point], best: Best | None) -> JsonObject:
    """Return the shape of Keras's `History`: `{"epoch": [...], "history": {metric: [value by epoch]}, "best": ...}`."""
    names = dict.fromkeys(name for point in points for name in point.metrics)
    return {
        "epoch": [point.epoch for point in points],
        "history": {name: [point.metrics.get(name) for point in points] for name in names},
        "best": best.model_dump() if best else None,
    }
