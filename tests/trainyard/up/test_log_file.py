"""Logs that are full, or have no room."""

import errno
from pathlib import Path

import pytest

from trainyard.up.log_file import open_log, rotate


def test_full_log_is_moved_aside(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    with open_log(log) as written:
        for line in (b"first", b"second"):
            written.write(line * 10)
            written.flush()
            rotate(log, max_bytes=50)
            assert (log.read_bytes(), (tmp_path / "api.log.1").read_bytes()) == (b"", line * 10)
        written.write(b"third")
        written.flush()
        rotate(log, max_bytes=50)
    assert log.read_bytes() == b"third"


def test_log_is_emptied_without_room_for_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "api.log"
    log.write_bytes(bytes(100))

    def has_no_room(_: Path, to: Path) -> None:
        to.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", has_no_room)
    rotate(log, max_bytes=50)

    assert [path.name for path in tmp_path.iterdir()] == ["api.log"]
    assert log.read_bytes() == b""


def test_log_that_cannot_be_made_loses_lines(tmp_path: Path) -> None:
    with open_log(tmp_path / "missing" / "api.log") as log:
        log.write(b"lost")
    assert not (tmp_path / "missing").exists()
