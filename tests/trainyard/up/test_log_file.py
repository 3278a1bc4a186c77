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


@pytest.mark.parametrize("call", ["pathlib.Path.stat", "os.truncate"])
def test_unreadable_log_is_reported_once(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / f"{call}.log"
    log.write_bytes(bytes(100))

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(call, fail)
        for _ in range(3):
            rotate(log, max_bytes=50)

    assert [each.getMessage() for each in caplog.records] == [
        f"{log} is not looked after, and may grow: Input/output error"
    ]
    assert log.read_bytes() == bytes(100)


def test_log_that_cannot_be_made_loses_lines(tmp_path: Path) -> None:
    with open_log(tmp_path / "missing" / "api.log") as log:
        log.write(b"lost")
    assert not (tmp_path / "missing").exists()
