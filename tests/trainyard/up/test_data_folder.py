import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trainyard.errors import PreflightError
from trainyard.up.data_folder import DataFolder


def test_folders_are_made(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "a" / "b")
    assert folder.logs.is_dir()
    assert folder.valkey.is_dir()
    assert list(folder.logs.iterdir()) == []
    assert folder.log("api") == tmp_path / "a" / "b" / "logs" / "api.log"


def test_unwritable_folder_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PreflightError, match=r"cannot write to .*file.*--data"):
        DataFolder(tmp_path / "file")


@pytest.mark.parametrize("command", ["trainyard up", "trainyard worker"])
def test_folder_in_use_is_rejected_with_its_holder(tmp_path: Path, command: str) -> None:
    folder = DataFolder(tmp_path)
    in_use = rf"in use by another `{command}` \(pid {os.getpid()}\) on {re.escape(socket.gethostname())}; stop"
    with folder.lock(command), pytest.raises(PreflightError, match=in_use):
        folder.lock().__enter__()
    with folder.lock():
        pass


def test_valkey_lock_is_held_by_an_heir(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with folder.lock_valkey() as lock:
        heir = subprocess.Popen([sys.executable, "-c", "input()"], pass_fds=[lock], stdin=subprocess.PIPE)
    with pytest.raises(PreflightError, match="a Valkey server of an earlier run"), folder.lock_valkey(0.2):
        pass
    heir.communicate(b"\n")
    with folder.lock_valkey():
        pass


def test_what_was_readable_by_others_is_no_more(tmp_path: Path) -> None:
    for name in ("logs", "valkey"):
        (tmp_path / name).mkdir(0o755)

    folder = DataFolder(tmp_path)

    assert {stat.S_IMODE(each.stat().st_mode) for each in (folder.logs, folder.valkey)} == {0o700}
