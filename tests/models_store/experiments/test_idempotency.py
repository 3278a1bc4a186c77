import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models_store.errors import IdempotencyMismatch
from models_store.experiments.idempotency import KEPT_SECONDS, IdempotencyKeys


@pytest.fixture
def keys(tmp_path: Path) -> IdempotencyKeys:
    return IdempotencyKeys(tmp_path / "idempotency")


def test_same_key_and_body_give_the_first_id(keys: IdempotencyKeys) -> None:
    assert keys.reserve("key", b"body", "first") == "first"
    assert keys.reserve("key", b"body", "second") == "first"


def test_other_key_is_another_experiment(keys: IdempotencyKeys) -> None:
    assert keys.reserve("key", b"body", "first") == "first"
    assert keys.reserve("kez", b"body", "second") == "second"


def test_same_key_with_another_body_is_rejected(keys: IdempotencyKeys) -> None:
    keys.reserve("key", b"body", "first")
    with pytest.raises(IdempotencyMismatch, match="'key' was used for first with another body"):
        keys.reserve("key", b"other", "second")


def test_concurrent_callers_reserve_once(keys: IdempotencyKeys) -> None:
    start = threading.Barrier(12)

    def reserve(number: int) -> str:
        start.wait()
        return keys.reserve("key", b"body", f"id{number}")

    with ThreadPoolExecutor(12) as threads:
        assert len(set(threads.map(reserve, range(12)))) == 1


@pytest.mark.parametrize("key", ["../../etc/passwd", "a/b", "\0", "", "x" * 10_000, "é"])
def test_key_never_becomes_a_path(keys: IdempotencyKeys, tmp_path: Path, key: str) -> None:
    assert keys.reserve(key, b"body", "first") == "first"
    assert keys.reserve(key, b"body", "second") == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["idempotency"]
    assert len(list((tmp_path / "idempotency").iterdir())) == 1


def test_keys_expire_after_a_day(keys: IdempotencyKeys, tmp_path: Path) -> None:
    for key in ("old", "young"):
        keys.reserve(key, b"body", "first")
        [path] = [path for path in (tmp_path / "idempotency").iterdir() if path.stat().st_mtime > time.time() - 60]
        past = time.time() - KEPT_SECONDS + (-60 if key == "old" else 60)
        os.utime(path, (past, past))
    keys.remove_expired()
    assert keys.reserve("young", b"body", "second") == "first"
    assert keys.reserve("old", b"body", "second") == "second"


def test_new_store_has_no_expired_keys(keys: IdempotencyKeys, tmp_path: Path) -> None:
    keys.remove_expired()
    assert list(tmp_path.iterdir()) == []
