import errno
import fcntl
import multiprocessing
import os
from pathlib import Path

import pytest

from models_store import files, self_test
from models_store.errors import Unavailable
from models_store.self_test import MEETING, check_at_start, check_folder, meet

_NFS = "36 35 98:0 / {point} rw,noatime shared:1 - nfs4 server:/export rw,vers=4.2,{option}hard\n"


def refuse(code: int) -> object:
    def call(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return call


def test_local_disk_keeps_what_a_store_needs(tmp_path: Path) -> None:
    check_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["nolock", "local_lock=all", "local_lock=flock"])
def test_network_disk_with_local_locks_is_rejected(tmp_path: Path, option: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n" + _NFS.format(point=tmp_path, option=f"{option},"))
    with pytest.raises(Unavailable, match=f"mounted with `{option}`"):
        check_folder(tmp_path, mounts)


def test_network_disk_with_locks_is_accepted(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    elsewhere = _NFS.format(point="/elsewhere", option="nolock,")
    mounts.write_text(elsewhere + _NFS.format(point=tmp_path, option="local_lock=none,"))
    check_folder(tmp_path, mounts)


def test_disk_without_locks_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", refuse(errno.ENOLCK))
    with pytest.raises(Unavailable, match=r"without locks \(flock\); use a local disk"):
        check_folder(tmp_path)


def test_disk_whose_locks_exclude_nobody_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    with pytest.raises(Unavailable, match="without locks"):
        check_folder(tmp_path)


def test_disk_without_hard_links_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    with pytest.raises(Unavailable, match="hard links"):
        check_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EROFS])
def test_fault_that_may_pass_does_not_hinder_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(os, "fsync", refuse(code))
    check_at_start(tmp_path)
    with pytest.raises(OSError, match=os.strerror(code)):
        check_folder(tmp_path)


@pytest.mark.parametrize("line", ["1 0 0:1 / / rw - 9p  rw,aname=drvfs;path=C:\\Program Files\\x", "1 0", "", " - "])
def test_line_of_another_mount_does_no_harm(tmp_path: Path, line: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"{line}\n")
    check_folder(tmp_path, mounts)


def test_two_meet_and_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    other = context.Process(target=meet, args=(tmp_path, 2))
    other.start()
    meet(tmp_path, 2)
    other.join()
    assert other.exitcode == 0
    assert not (tmp_path / MEETING).exists()


def test_lost_change_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where another machine, which does not see the lock, writes its number over ours."""
    write = files.write_atomic

    def lose(path: Path, data: bytes) -> None:
        write(path, b"99" if data == b"100" else data)

    monkeypatch.setattr(self_test, "write_atomic", lose)
    monkeypatch.setattr(self_test, "ROUNDS", 100)
    with pytest.raises(Unavailable, match=r"1 of 100 changes in .* were lost"):
        meet(tmp_path, 1)


def test_number_of_an_earlier_meeting_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / MEETING).mkdir()
    (tmp_path / MEETING / "number").write_text("77")
    monkeypatch.setattr(self_test, "ROUNDS", 3)
    meet(tmp_path, 1)
    assert not (tmp_path / MEETING).exists()


def test_nobody_comes(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="2 machines did not come together"):
        meet(tmp_path, 2, seconds=0.0)
    assert not (tmp_path / MEETING).exists()
