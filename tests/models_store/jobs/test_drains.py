import errno
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from models_store.errors import Unavailable
from models_store.frozen import utc_now
from models_store.jobs import drains as module
from models_store.jobs.drains import DRAINS_FILE, FOLDER, Drains


@pytest.fixture
def drains(tmp_path: Path) -> Drains:
    drains = Drains(tmp_path)
    drains.prepare()
    return drains


def fail(number: int) -> Callable[[Path], bytes]:
    def read_bytes(path: Path) -> bytes:
        raise OSError(number, os.strerror(number), str(path))

    return read_bytes


def test_drain_outlasts_its_process(drains: Drains, tmp_path: Path) -> None:
    drains.add("a:1", "give_back", lambda _: True)
    other = Drains(tmp_path)
    assert [other.mode_of(each) for each in ("a:1", "a:2", "a")] == ["give_back", None, None]


def test_worker_drains_by_the_stronger_mode(drains: Drains) -> None:
    drains.add("a", "finish", lambda _: True)
    drains.add("a:1", "give_back", lambda _: True)
    assert [drains.mode_of(each) for each in ("a:1", "a:2")] == ["give_back", "finish"]
    drains.add("a:1", "finish", lambda _: True)
    assert drains.mode_of("a:1") == "finish"


def test_drain_ends_with_its_worker_alone(drains: Drains) -> None:
    for name in ("a", "a:1", "a:2"):
        drains.add(name, "finish", lambda _: True)
    drains.forget("a:1")
    assert set(drains.read()) == {"a", "a:2"}
    drains.forget("a:3")
    assert set(drains.read()) == {"a", "a:2"}


def test_killed_workers_are_forgotten_after_a_day(drains: Drains, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a:1", "a:2", "b"):
        drains.add(name, "finish", lambda _: True)
    drains.add("c:1", "finish", lambda _: False)
    assert set(drains.read()) == {"a:1", "a:2", "b", "c:1"}
    monkeypatch.setattr(module, "utc_now", lambda: utc_now() + timedelta(days=1))
    drains.add("d:1", "finish", lambda each: each == "a:1")
    assert set(drains.read()) == {"a:1", "b", "d:1"}


def test_damaged_drains_are_as_before(drains: Drains, tmp_path: Path) -> None:
    drains.add("a:1", "finish", lambda _: True)
    assert drains.mode_of("a:1") == "finish"
    (tmp_path / FOLDER / DRAINS_FILE).write_bytes(b'{"a:1": {"mo')
    other = Drains(tmp_path)
    assert (drains.mode_of("a:1"), drains.mode_of("a:2"), other.mode_of("a:1")) == ("finish", None, "finish")
    drains.add("a:2", "finish", lambda _: True)
    assert set(drains.read()) == set(other.read()) == {"a:1", "a:2"}


def test_damaged_drains_of_a_new_process_are_replaced(drains: Drains, tmp_path: Path) -> None:
    (tmp_path / FOLDER / DRAINS_FILE).write_bytes(b"[]")
    drains.add("a:2", "finish", lambda _: True)
    assert set(drains.read()) == {"a:2"}


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EACCES])
def test_drains_outlast_a_disk_that_fails(
    drains: Drains, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Drained workers start nothing meanwhile, and nothing is written in place of what cannot be read."""
    for name in ("a:1", "b"):
        drains.add(name, "give_back", lambda _: True)
    assert set(drains.read()) == {"a:1", "b"}
    written = (tmp_path / FOLDER / DRAINS_FILE).read_bytes()
    with monkeypatch.context() as failing:
        failing.setattr(Path, "read_bytes", fail(number))
        assert [drains.mode_of(each) for each in ("a:1", "b:7", "c:1")] == ["give_back", "give_back", None]
        assert set(drains.read()) == {"a:1", "b"}
        # A worker that starts now cannot know.
        assert Drains(tmp_path).mode_of("c:2") == "finish"
        changes: list[Callable[[], None]] = [
            lambda: drains.add("c:1", "finish", lambda _: True),
            lambda: drains.remove("b"),
            lambda: drains.forget("a:1"),
        ]
        for change in changes:
            with pytest.raises(Unavailable, match=r"workers/drains\.json of the store cannot be read"):
                change()
    assert (tmp_path / FOLDER / DRAINS_FILE).read_bytes() == written


def test_drains_of_a_later_release_are_kept(drains: Drains, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not understood has a worker start nothing more, and does not touch the others."""
    at = utc_now().isoformat()
    later = {
        "a:1": {"mode": "after_midnight", "at": at, "hour": 3},
        "b": "until further notice",
        "c:1": {"mode": "give_back", "at": at, "why": "new disk"},
    }
    (tmp_path / FOLDER / DRAINS_FILE).write_bytes(orjson.dumps(later))
    found = [drains.mode_of(each) for each in ("a:1", "b:2", "c:1", "d:1")]
    assert found == ["finish", "finish", "give_back", None]
    monkeypatch.setattr(module, "utc_now", lambda: utc_now() + timedelta(days=2))
    drains.add("d:1", "finish", lambda each: each == "c:1")
    drains.remove("d")
    assert orjson.loads((tmp_path / FOLDER / DRAINS_FILE).read_bytes()) == later
    drains.remove("a")
    assert set(drains.read()) == {"b", "c:1"}


def test_machine_drains_with_workers_of_later(drains: Drains, tmp_path: Path) -> None:
    drains.add("a", "give_back", lambda _: True)
    started = Drains(tmp_path)
    started.forget("a:9")
    assert started.mode_of("a:9") == "give_back"
    started.remove("a")
    assert drains.mode_of("a:9") is None


def test_drains_of_a_new_store_are_none(tmp_path: Path) -> None:
    assert Drains(tmp_path / "nowhere").read() == {}
