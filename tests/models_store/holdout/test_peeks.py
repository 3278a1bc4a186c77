"""Looks at test results, counted on disk."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models_store.holdout import peeks as module
from models_store.holdout.peeks import LOOK, Peeks
from tests.models_store.children import killed_at_each_step

START = datetime(2026, 11, 29, 9, tzinfo=UTC)


@pytest.fixture
def peeks(tmp_path: Path) -> Peeks:
    return Peeks(tmp_path)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time is its last element."""
    times = [START]
    monkeypatch.setattr(module, "utc_now", lambda: times[-1])
    return times


def test_look_is_counted_once_an_hour(peeks: Peeks, clock: list[datetime]) -> None:
    assert peeks.add("digits", "a")
    clock.append(START + LOOK - timedelta(seconds=1))
    assert not peeks.add("digits", "a")
    assert peeks.add("digits", "b")
    clock.append(START + LOOK)
    assert peeks.add("digits", "a")

    assert peeks.of("digits").by_experiment == {"a": 2, "b": 1}
    assert peeks.of("digits").total == 3
    assert peeks.of("mnist").total == 0


def test_other_processes_count_the_same(peeks: Peeks, tmp_path: Path) -> None:
    other = Peeks(tmp_path)
    assert peeks.add("digits", "a")
    assert not other.add("digits", "a")

    # Both have looked for earlier ones before either has written.
    path = tmp_path / "digits.peeks.jsonl"
    path.write_bytes(path.read_bytes() * 2)

    assert other.of("digits").total == peeks.of("digits").total == 1


def test_torn_line_loses_that_look_alone(peeks: Peeks, tmp_path: Path) -> None:
    peeks.add("digits", "a")
    with (tmp_path / "digits.peeks.jsonl").open("ab") as file:
        file.write(b'{"experiment_id": "b", "at"')
    peeks.add("digits", "c")

    assert Peeks(tmp_path).of("digits").by_experiment == {"a": 1, "c": 1}


def test_look_killed_at_any_step_loses_no_other(peeks: Peeks, tmp_path: Path) -> None:
    peeks.add("digits", "a")

    for _ in killed_at_each_step(lambda: peeks.add("digits", "b")):
        assert Peeks(tmp_path).of("digits").by_experiment["a"] == 1

    assert Peeks(tmp_path).of("digits").by_experiment == {"a": 1, "b": 1}


def test_look_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    assert not Peeks(tmp_path / "missing").add("digits", "a")


def test_forgotten_dataset_was_never_looked_at(peeks: Peeks) -> None:
    peeks.add("own", "a")
    peeks.forget("own")
    peeks.forget("own")

    assert peeks.of("own").total == 0
