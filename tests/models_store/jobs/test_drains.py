from datetime import timedelta
from pathlib import Path

import pytest

from models_store.frozen import utc_now
from models_store.jobs import drains as module
from models_store.jobs.drains import DRAINS_FILE, FOLDER, Drains


@pytest.fixture
def drains(tmp_path: Path) -> Drains:
    drains = Drains(tmp_path)
    drains.prepare()
    return drains


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


def test_damaged_drains_drain_nothing(drains: Drains, tmp_path: Path) -> None:
    drains.add("a:1", "finish", lambda _: True)
    (tmp_path / FOLDER / DRAINS_FILE).write_bytes(b'{"a:1": {"mo')
    assert drains.mode_of("a:1") is None
    drains.add("a:2", "finish", lambda _: True)
    assert set(drains.read()) == {"a:2"}


def test_drains_of_a_new_store_are_none(tmp_path: Path) -> None:
    assert Drains(tmp_path / "nowhere").read() == {}
