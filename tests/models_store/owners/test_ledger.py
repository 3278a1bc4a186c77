"""Minutes of training by month."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from models_store.owners import ledger
from models_store.owners.ledger import TrainingLedger, month_of, next_month

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
Line = tuple[datetime, str, int, Literal["begun", "ended"]]


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def write(folder: Path, monkeypatch: pytest.MonkeyPatch, *lines: Line) -> TrainingLedger:
    written = TrainingLedger(folder)
    for at, experiment_id, attempt, event in lines:
        monkeypatch.setattr(ledger, "utc_now", lambda at=at: at)
        written.add("ann", experiment_id, attempt, event)
    return written


def test_attempts_are_summed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write(
        tmp_path,
        monkeypatch,
        (MARCH + minutes(10), "a", 1, "begun"),
        (MARCH + minutes(15), "a", 1, "ended"),
        (MARCH + minutes(20), "a", 2, "begun"),
        (MARCH + minutes(20), "b", 1, "begun"),
        (MARCH + minutes(22), "b", 1, "ended"),
    )
    # The second attempt of a still runs.
    assert written.used_seconds("ann", MARCH + minutes(30)) == 60 * (5 + 2 + 10)
    assert written.used_seconds("bob", MARCH + minutes(30)) == 0


def test_month_begins_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write(
        tmp_path,
        monkeypatch,
        (MARCH - minutes(100), "a", 1, "begun"),
        (MARCH - minutes(50), "a", 1, "ended"),
        (MARCH - minutes(10), "b", 1, "begun"),
        (MARCH + minutes(5), "b", 1, "ended"),
    )
    assert written.used_seconds("ann", MARCH - minutes(1)) == 60 * (50 + 9)
    assert written.used_seconds("ann", MARCH + minutes(30)) == 60 * 5
    assert written.used_seconds("ann", MARCH + timedelta(days=40)) == 0


def test_each_experiment_has_its_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write(
        tmp_path,
        monkeypatch,
        (MARCH - minutes(100), "a", 1, "begun"),
        (MARCH - minutes(90), "a", 1, "ended"),
        (MARCH + minutes(600), "a", 2, "begun"),
        (MARCH + minutes(601), "b", 1, "begun"),
        (MARCH + minutes(605), "a", 2, "ended"),
    )
    now = MARCH + minutes(611)
    # A night between two attempts is none of the training.
    assert written.seconds_by_experiment("ann", MARCH - timedelta(days=70), now) == {"a": 60 * 15, "b": 60 * 10}
    assert written.seconds_by_experiment("ann", MARCH - minutes(95), now) == {"a": 60 * 10, "b": 60 * 10}
    assert written.seconds_by_experiment("bob", MARCH, now) == {}


def test_repeated_lines_count_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that takes over from a killed one writes the end again."""
    written = write(
        tmp_path,
        monkeypatch,
        (MARCH, "z", 9, "ended"),
        (MARCH + minutes(1), "a", 1, "begun"),
        (MARCH + minutes(2), "a", 1, "begun"),
        (MARCH + minutes(3), "a", 1, "ended"),
        (MARCH + minutes(9), "a", 1, "ended"),
    )
    assert written.used_seconds("ann", MARCH + minutes(30)) == 60 * 2


def test_torn_line_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write(tmp_path, monkeypatch, (MARCH, "a", 1, "begun"), (MARCH + minutes(3), "a", 1, "ended"))
    with (tmp_path / "ann.2026-03.jsonl").open("a") as file:
        file.write('{"at": "2026-03-0')
    assert written.used_seconds("ann", MARCH + minutes(30)) == 60 * 3


def test_torn_line_swallows_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, monkeypatch, (MARCH, "a", 1, "begun"))
    with (tmp_path / "ann.2026-03.jsonl").open("a") as file:
        file.write('{"at": "2026-03-0')
    written = write(tmp_path, monkeypatch, (MARCH + minutes(3), "a", 1, "ended"))
    assert written.used_seconds("ann", MARCH + minutes(30)) == 60 * 3


def test_sound_lines_are_not_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    written = write(tmp_path, monkeypatch, (MARCH, "a", 1, "begun"), (MARCH + minutes(3), "a", 1, "ended"))
    assert written.used_seconds("ann", MARCH + minutes(30)) == 60 * 3
    assert caplog.text == ""


def test_months_have_their_lengths() -> None:
    assert month_of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == datetime(2026, 12, 1, tzinfo=UTC)
    assert next_month(datetime(2026, 12, 31, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)
    assert next_month(datetime(2028, 2, 1, tzinfo=UTC)) == datetime(2028, 3, 1, tzinfo=UTC)
