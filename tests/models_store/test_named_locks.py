import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models_store import files
from models_store.errors import Busy, NotFound
from models_store.named_locks import lock_name, remove_unused
from tests.models_store.children import exit_status, killed_at_each_step, start_child


def never() -> bool:
    return False


def test_lock_of_an_unused_name_is_removed(tmp_path: Path) -> None:
    with lock_name(tmp_path / "a", "a", never):
        assert (tmp_path / "a").exists()
    with pytest.raises(NotFound, match="of the block"), lock_name(tmp_path / "a", "a", never):
        raise NotFound("of the block")
    assert list(tmp_path.iterdir()) == []


def test_lock_of_a_kept_name_stays(tmp_path: Path) -> None:
    with lock_name(tmp_path / "a", "a", lambda: True):
        pass
    assert (tmp_path / "a" / files.LOCK_FILE).exists()


def test_last_of_those_that_share_removes_it(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    with lock_name(folder, "a", never, shared=True):
        with lock_name(folder, "a", never, shared=True):
            pass
        with pytest.raises(Busy), lock_name(folder, "a", never, 0):
            pass
        assert folder.exists()
    assert not folder.exists()


def test_held_lock_is_not_removed(tmp_path: Path) -> None:
    with lock_name(tmp_path / "a", "a", lambda: True):
        remove_unused(tmp_path / "a", never)
        with pytest.raises(Busy), files.lock_folder(tmp_path / "a", 0):
            pass
    remove_unused(tmp_path / "a", never)
    remove_unused(tmp_path / "a", never)
    assert list(tmp_path.iterdir()) == []


def test_lock_that_all_remove_excludes_everybody(tmp_path: Path) -> None:
    """Threads and processes that lock one name, each of which removes the lock if it is the last: nobody gets in beside
    another one, as who holds a file that has no name any more would."""
    counter, folder = tmp_path / "counter", tmp_path / "locks" / "a"
    counter.write_text("0")

    def count(_: int) -> None:
        with lock_name(folder, "a", never, 100):
            files.write_atomic(counter, str(int(counter.read_text()) + 1).encode())

    def count_often() -> None:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(count, range(40)))

    children = [start_child(count_often) for _ in range(3)]
    count_often()

    assert [exit_status(each) for each in children] == [0, 0, 0]
    assert counter.read_text() == "160"
    assert list(folder.parent.iterdir()) == []


def test_process_killed_at_any_step_blocks_nobody(tmp_path: Path) -> None:
    def lock() -> None:
        with lock_name(tmp_path / "a", "a", never):
            pass

    steps = []
    for step in killed_at_each_step(lock):
        steps.append(step)
        remove_unused(tmp_path / "a", never)
        assert list(tmp_path.iterdir()) == []
        lock()
    assert len(steps) > 3


def test_child_forked_in_the_block_keeps_nothing(tmp_path: Path) -> None:
    with lock_name(tmp_path / "a", "a", never):
        child = start_child(signal.pause)
    try:
        with lock_name(tmp_path / "a", "a", never, 0):
            pass
        assert list(tmp_path.iterdir()) == []
    finally:
        os.kill(child, signal.SIGKILL)
        exit_status(child)
