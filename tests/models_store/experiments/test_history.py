import json
import math
from pathlib import Path
from typing import Any

import pytest

from models_store.errors import Damaged, StorageFull
from models_store.experiments import history
from models_store.experiments.history import History
from models_store.experiments.points import Point
from tests.models_store.children import in_child, killed_at_each_step
from tests.models_store.results import point, points
from tests.models_store.test_files import without_room


def reject(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")


def written(folder: Path) -> Path:
    for each in points(3):
        history.append(folder, each)
    return folder / history.HISTORY_FILE


def test_appended_points_are_read(tmp_path: Path) -> None:
    written(tmp_path)
    assert history.read(tmp_path) == History(points=points(3))


def test_history_is_empty_before_the_first_epoch(tmp_path: Path) -> None:
    assert history.read(tmp_path) == History()


def test_rewrite_replaces_all_points(tmp_path: Path) -> None:
    written(tmp_path)
    history.rewrite(tmp_path, points(1))
    assert history.read(tmp_path) == History(points=points(1))
    history.append(tmp_path, points(2)[1])
    assert history.read(tmp_path) == History(points=points(2))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_null(tmp_path: Path, value: float) -> None:
    history.append(tmp_path, Point(epoch=0, seconds=1.0, metrics={"loss": value, "accuracy": 0.5}))
    [line] = (tmp_path / history.HISTORY_FILE).read_text().splitlines()
    assert json.loads(line, parse_constant=reject)["metrics"] == {"loss": None, "accuracy": 0.5}
    assert history.read(tmp_path).points[0].metrics == {"loss": None, "accuracy": 0.5}


def test_torn_last_line_is_ignored(tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    start_of_last = whole.rindex(b"\n", 0, -1) + 1
    for end in range(start_of_last, len(whole)):
        path.write_bytes(whole[:end])
        assert history.read(tmp_path) == History(points=points(2))


@pytest.mark.parametrize(
    "middle",
    [
        b"garbage",
        b"",
        b"{}",
        b"[]",
        history.encode(point(0)),
        history.encode(point(2)),
        history.encode(point(1))[:-9],
        b"\xff\x00",
    ],
    ids=["garbage", "blank", "other-json", "list", "repeated", "gap", "cut-short", "bytes"],
)
def test_damaged_line_ends_the_history(tmp_path: Path, middle: bytes) -> None:
    path = written(tmp_path)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], middle, *lines[2:]]))
    assert history.read(tmp_path) == History(points=points(1), damaged=True)
    with pytest.raises(Damaged, match="1 sound epochs, the record says 3"):
        history.check(tmp_path, 3)


def test_history_shorter_than_the_record_is_damaged(tmp_path: Path) -> None:
    written(tmp_path)
    history.check(tmp_path, 3)
    with pytest.raises(Damaged):
        history.check(tmp_path, 4)


def test_append_on_a_full_disk_leaves_the_file(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = path.read_bytes()
    long = Point(epoch=3, seconds=1.0, metrics={f"metric{number}": 0.5 for number in range(500)})

    def append() -> None:
        with pytest.raises(StorageFull, match=r"history.jsonl"):
            history.append(tmp_path, long)

    assert without_room(append) == 0
    assert path.read_bytes() == before
    assert in_child(lambda: history.append(tmp_path, point(3))) == 0
    assert len(history.read(tmp_path).points) == 4


def test_append_killed_at_any_step_is_atomic(tmp_path: Path) -> None:
    history.rewrite(tmp_path, points(2))
    seen = []
    for _ in killed_at_each_step(lambda: history.append(tmp_path, points(3)[2])):
        found = history.read(tmp_path)
        assert found in (History(points=points(2)), History(points=points(3)))
        seen.append(len(found.points))
        history.rewrite(tmp_path, points(2))
    assert set(seen) == {2, 3}


def test_columns_have_the_shape_of_keras() -> None:
    first = Point(epoch=0, seconds=1.0, metrics={"loss": 2.0})
    second = Point(epoch=1, seconds=1.0, metrics={"loss": None, "val_loss": 3.0})
    found = History(points=(first, second))

    assert (found.epoch, found.metrics) == ([0, 1], {"loss": [2.0, None], "val_loss": [None, 3.0]})
    assert (found.skip(1).epoch, found.skip(1).metrics) == ([1], {"loss": [None], "val_loss": [3.0]})
    assert (History().epoch, History().metrics) == ([], {})
