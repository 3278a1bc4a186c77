"""`python -m api.admin_key`."""

import os
import subprocess
import sys
from pathlib import Path

from models_store.access.store import KeyStore
from tests.support.service import ROOT


def run(store: Path, *options: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TRAINYARD_STORE_DIR": str(store)}
    command = [sys.executable, "-m", "api.admin_key", *options]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def test_first_admin_key_is_made_once(tmp_path: Path) -> None:
    first = run(tmp_path / "store", "--first")
    again, other = run(tmp_path / "store", "--first"), run(tmp_path / "store", "--owner", "ann")

    keys = KeyStore(tmp_path / "store")
    verified = keys.verify(first)
    assert verified is not None
    assert verified.is_admin
    assert again == ""
    assert getattr(keys.verify(other), "owner", None) == "ann"
    keys.revoke(verified.id, by=None)
    assert not keys.verify(first)
