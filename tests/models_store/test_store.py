import stat
from pathlib import Path

import pytest

from models_store.store import open_store
from tests.support.valkey import Valkey, free_port


def test_missing_store_is_created(tmp_path: Path, valkey: Valkey) -> None:
    store = open_store(tmp_path / "a" / "b", valkey.url, 2.0, max_attempts=3, role="test")
    assert store.experiments.experiments.is_dir()
    store.experiments.check_view()


def test_store_opens_without_redis(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store", f"redis://127.0.0.1:{free_port()}/0", 2.0, max_attempts=3, role="test")
    assert not store.reconciler.sweep()


def test_unwritable_store_is_rejected(tmp_path: Path, valkey: Valkey) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Not a directory"):
        open_store(tmp_path / "file" / "store", valkey.url, 2.0, max_attempts=3, role="test")


def test_store_is_for_its_user_alone(tmp_path: Path, valkey: Valkey) -> None:
    root = tmp_path / "store"
    root.mkdir(0o755)

    open_store(root, valkey.url, 2.0, max_attempts=3, role="test").close()

    assert stat.S_IMODE(root.stat().st_mode) == 0o700
