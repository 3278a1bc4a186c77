import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from models_store.errors import NotFound
from models_store.predictions.recent import Origin, RecentPredictions

ORIGIN = Origin("01K6W3E8Z4T5V6X7Y8Z9A0B1C2", "digits", (8, 8, 1))
IMAGE = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
Make = Callable[..., RecentPredictions]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "predictions"


@pytest.fixture
def make(folder: Path) -> Make:
    """Open the predictions as another process would."""

    def open_recent(kept_seconds: float = 3600, max_bytes: int = 1_000_000) -> RecentPredictions:
        recent = RecentPredictions(folder, kept_seconds, max_bytes)
        recent.prepare()
        return recent

    return open_recent


def keep(recent: RecentPredictions, number: int = 0) -> str:
    return recent.keep(ORIGIN, IMAGE + np.uint8(number), str(number), 0.5)


def known(recent: RecentPredictions, prediction_id: str) -> bool:
    try:
        return recent.get(prediction_id).id == prediction_id
    except NotFound:
        return False


def age(folder: Path, seconds: float) -> None:
    for path in folder.iterdir():
        written_at = path.stat().st_mtime - seconds
        os.utime(path, (written_at, written_at))


def test_prediction_is_found_by_other_processes(make: Make) -> None:
    recent = make()
    ids = [keep(recent, number) for number in range(20)]
    recent.flush()
    ids += [keep(recent, number) for number in range(20, 30)]
    recent.flush()

    for number, prediction_id in enumerate(ids):
        found = make().get(prediction_id)
        assert (found.id, found.label, found.dataset, found.probability) == (prediction_id, str(number), "digits", 0.5)
        assert found.experiment_id == "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
        assert np.array_equal(found.sample, IMAGE + np.uint8(number))
    assert len(set(ids)) == 30


def test_features_are_kept_exactly(make: Make) -> None:
    recent, row = make(), np.array([1.5, -2.25], dtype=np.float32)
    found = recent.get(recent.keep(Origin("x", "blobs", (2,)), row, "3", 1.0))
    assert np.array_equal(found.sample, row)


def test_concurrent_threads_find_their_predictions(make: Make) -> None:
    recent = make(max_bytes=10_000_000)

    def one(number: int) -> bool:
        prediction_id = keep(recent, number % 100)
        if number % 50 == 0:
            recent.upkeep()
        return recent.get(prediction_id).label == str(number % 100)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(one, range(1000)))


def test_oldest_are_removed_above_the_limit(make: Make, folder: Path) -> None:
    recent = make(max_bytes=16_000)
    ids = []
    for number in range(200):
        ids.append(keep(recent, number))
        recent.flush()
        age(folder, 1)  # what is written later is younger, regardless of the clock
    recent.remove_expired()

    kept = [known(recent, each) for each in ids]
    assert kept == sorted(kept)
    assert 40 < sum(kept) < 100
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 16_000


def test_expired_prediction_is_not_found(make: Make, folder: Path) -> None:
    recent = make()
    prediction_id = keep(recent)
    assert known(recent, prediction_id)
    assert not known(make(kept_seconds=1e-9), prediction_id)
    age(folder, 3601)
    recent.remove_expired()
    assert list(folder.iterdir()) == []
    assert not known(recent, prediction_id)
    # What comes then lies in a file of its own.
    lost, kept = keep(recent), ""
    recent.flush()
    kept = keep(recent)
    assert (known(make(), lost), known(make(), kept)) == (False, False)
    recent.flush()
    assert (known(make(), lost), known(make(), kept)) == (False, True)


def test_failed_write_loses_only_its_predictions(make: Make, folder: Path) -> None:
    recent = make()
    folder.rename(folder.with_name("away"))
    lost = [keep(recent), keep(recent)]
    recent.flush()
    folder.with_name("away").rename(folder)
    kept = keep(recent)
    assert [known(recent, each) for each in (*lost, kept)] == [False, False, True]


@pytest.mark.parametrize(("seconds", "most"), [(0, 1_000_000), (3600, 0)])
def test_predictions_that_are_not_kept_have_ids(make: Make, folder: Path, seconds: float, most: int) -> None:
    recent = make(seconds, most)
    ids = {keep(recent) for _ in range(10)}
    recent.flush()
    assert (len(ids), list(folder.iterdir())) == (10, [])
    with pytest.raises(NotFound, match="or expired: predictions are kept for"):
        recent.get(ids.pop())


@pytest.mark.parametrize("prediction_id", ["nonsense", "..%2f", "0" * 26, "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"])
def test_unknown_prediction_is_not_found(make: Make, prediction_id: str) -> None:
    recent = make()
    keep(recent)
    with pytest.raises(NotFound, match="not found"):
        recent.get(prediction_id)


def test_truncated_segment_loses_only_its_end(make: Make, folder: Path) -> None:
    recent = make()
    first, last = keep(recent, 1), keep(recent, 2)
    recent.flush()
    [path] = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    assert (known(recent, first), known(recent, last)) == (True, False)


def test_damaged_segment_is_not_found(make: Make, folder: Path) -> None:
    recent = make()
    overwritten = keep(recent)
    recent.flush()
    [segment] = folder.iterdir()
    data = bytearray(segment.read_bytes())
    data[data.index(b'{"experiment_id"')] = ord("x")
    segment.write_bytes(data)
    assert not known(recent, overwritten)

    segment.unlink()
    segment.mkdir()
    assert not known(recent, overwritten)


def test_removed_folder_is_created_again(make: Make, folder: Path) -> None:
    recent = make()
    shutil.rmtree(folder)
    lost = keep(recent)
    recent.flush()
    kept = keep(recent)
    recent.flush()

    assert not known(recent, lost)
    assert known(recent, kept)


def test_prediction_in_another_buffer_may_come(make: Make) -> None:
    other, asked = make(), make()
    prediction_id = keep(other)
    assert (other.may_come(prediction_id), asked.may_come(prediction_id)) == (False, True)
    assert not known(asked, prediction_id)
    other.flush()
    assert not asked.may_come(prediction_id)
    assert known(asked, prediction_id)
    assert not asked.may_come("nonsense")
