import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainyard.up.data_folder import DataFolder
from trainyard.up.errors import RefusedError


def test_the_folders_are_made(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "a" / "b")
    assert folder.logs.is_dir()
    assert folder.valkey.is_dir()
    assert list(folder.logs.iterdir()) == []
    assert folder.log("api") == tmp_path / "a" / "b" / "logs" / "api.log"


def test_what_cannot_be_written_to_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RefusedError, match=r"cannot write to .*file.*--data"):
        DataFolder(tmp_path / "file")


def test_a_folder_in_use_names_its_user(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with folder.taken(), pytest.raises(RefusedError, match=rf"in use by another `trainyard up` \(pid {os.getpid()}\)"):
        folder.taken().__enter__()
    with folder.taken():
        pass


def test_the_lock_of_valkey_is_held_by_whoever_inherits_it(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with folder.valkey_lock() as lock:
        heir = subprocess.Popen([sys.executable, "-c", "input()"], pass_fds=[lock], stdin=subprocess.PIPE)
    with pytest.raises(RefusedError, match="a Valkey server of an earlier run"), folder.valkey_lock(0.2):
        pass
    heir.communicate(b"\n")
    with folder.valkey_lock():
        pass
