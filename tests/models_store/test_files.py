import errno
import itertools
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from models_store import files
from models_store.errors import Busy, NotFound, StorageFull, Unavailable
from tests.models_store.children import exit_status, holding, in_child, kill, killed_at_each_step, start_child
from tests.support.ci import skip_not_permitted
from tests.support.requirements import needs_programs
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
OLD, NEW = b"old" * 5_000, b"new" * 5_000


def age(path: Path, seconds: float = files.TEMPORARY_SECONDS + 1) -> None:
    past = time.time() - seconds
    os.utime(path, (past, past))


def sweep_aged(folder: Path) -> None:
    """What the first sweep does, long after the crash."""
    for path in folder.iterdir():
        age(path)
    files.remove_stale_temporaries(folder)


def without_room(work: Callable[[], object]) -> int:
    """Run `work` in a child that cannot write more than 4 KB to a file."""

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        work()

    return in_child(limited)


# -- write_atomic, open_atomic ---------------------------------------------------------------------------------------


def test_write_atomic_replaces_the_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write_atomic(path, OLD)
    files.write_atomic(path, NEW)
    assert path.read_bytes() == NEW
    assert list(tmp_path.iterdir()) == [path]


def test_reader_sees_old_or_new_during_a_write(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    ended = threading.Event()

    def write() -> None:
        for content in [NEW, OLD] * 30:
            files.write_atomic(path, content)
        ended.set()

    with ThreadPoolExecutor(1) as writers:
        writing = writers.submit(write)
        seen = {path.read_bytes() for _ in iter(ended.is_set, True)}
        writing.result()
    assert seen <= {OLD, NEW}


def test_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def write() -> None:
        with pytest.raises(StorageFull, match=r"no room to write file .*free some space"):
            files.write_atomic(path, NEW)

    assert without_room(write) == 0
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_error_in_open_atomic_keeps_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)

    def write() -> None:
        with files.open_atomic(path) as file:
            file.write(NEW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert path.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [path]


def test_open_atomic_shows_nothing_before_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with files.open_atomic(path) as file:
        file.write(NEW)
        assert not path.exists()
    assert path.read_bytes() == NEW


def test_full_disk_leaves_old_file_alone(tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        skip_not_permitted(f"mounting a tmpfs: {mounted.stderr.decode().strip()}")
    try:
        path = tmp_path / "file"
        files.write_atomic(path, b"old")
        with pytest.raises(StorageFull):
            files.write_atomic(path, bytes(20_000))
        with pytest.raises(StorageFull):
            files.create_exclusive(tmp_path / "other", bytes(20_000))
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS, errno.EACCES, errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_unwritable_disk_is_unavailable(number: int) -> None:
    with pytest.raises(Unavailable, match=f"cannot write it: {os.strerror(number)}"), files.storage_errors("it"):
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENOTDIR])
def test_other_errors_are_not_a_full_disk(number: int) -> None:
    with pytest.raises(OSError, match=os.strerror(number)) as caught, files.storage_errors("it"):
        raise OSError(number, os.strerror(number))
    assert caught.value.errno == number


# What asks the disk for room, or to keep something.
ASKING = ("open", "write", "fsync", "link", "rename", "replace")
ERRORS = pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])


class FailingDisk:
    """Has an error once, at one step of many."""

    def __init__(self, step: int, number: int) -> None:
        self._left = step
        self._number = number

    def failing(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def fail(*arguments: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                raise OSError(self._number, os.strerror(self._number))
            return call(*arguments, **options)

        return fail


def failing_at_each_step(act: Callable[[], object], number: int) -> Iterator[int]:
    """Act with an error of the disk at the first step, then at the second, and so on; yield after each failure."""
    expected = StorageFull if number == errno.ENOSPC else Unavailable
    for step in itertools.count(1):
        disk = FailingDisk(step, number)
        with pytest.MonkeyPatch.context() as patch:
            for name in ASKING:
                patch.setattr(os, name, disk.failing(getattr(os, name)))
            try:
                act()
            except expected:
                pass
            else:
                return
        yield step


@ERRORS
def test_nothing_unsynced_is_published(tmp_path: Path, number: int) -> None:
    """Whichever step fails: a request that is answered 503 has left nothing behind."""
    final, failures = tmp_path / "final", 0
    acts: list[Callable[[], object]] = [
        lambda: files.create_record_folder(final, "record.json", b"{}", "it"),
        lambda: files.publish_directory(staged(tmp_path, NEW), final),
        lambda: files.create_exclusive(final, NEW),
    ]
    for act in acts:
        for _ in failing_at_each_step(act, number):
            failures += 1
            sweep_aged(tmp_path)
            assert list(tmp_path.iterdir()) == []
        assert final.exists()
        shutil.rmtree(final) if final.is_dir() else final.unlink()
    assert failures >= 5 * len(acts)


@ERRORS
def test_old_or_new_file_is_left_by_a_failed_sync(tmp_path: Path, number: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    for _ in failing_at_each_step(lambda: files.write_atomic(path, NEW), number):
        assert path.read_bytes() in {OLD, NEW}
        assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == NEW


# -- create_exclusive ------------------------------------------------------------------------------------------------


def test_create_exclusive_makes_a_file_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert files.create_exclusive(path, b"first")
    assert not files.create_exclusive(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_concurrent_threads_create_once(tmp_path: Path) -> None:
    path, start = tmp_path / "file", threading.Barrier(16)

    def create(number: int) -> bool:
        start.wait()
        return files.create_exclusive(path, bytes([number]) * 1000)

    with ThreadPoolExecutor(16) as threads:
        won = list(threads.map(create, range(16)))
    assert won.count(True) == 1
    assert path.read_bytes() == bytes([won.index(True)]) * 1000
    assert list(tmp_path.iterdir()) == [path]


def test_concurrent_processes_create_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    released, release = os.pipe()

    def create(number: int) -> None:
        os.close(release)
        os.read(released, 1)
        os._exit(0 if files.create_exclusive(path, bytes([number]) * 1000) else 7)

    children = [start_child(partial(create, number)) for number in range(6)]
    os.close(released)
    os.close(release)
    statuses = [exit_status(child) for child in children]
    assert sorted(statuses) == [0] + [7] * 5
    assert path.read_bytes() == bytes([statuses.index(0)]) * 1000


def test_create_exclusive_without_room_makes_nothing(tmp_path: Path) -> None:
    def create() -> None:
        with pytest.raises(StorageFull):
            files.create_exclusive(tmp_path / "file", NEW)

    assert without_room(create) == 0
    assert list(tmp_path.iterdir()) == []


# -- publish_directory, remove_directory -----------------------------------------------------------------------------


def staged(folder: Path, content: bytes) -> Path:
    path = files.temporary_name(folder / "final")
    path.mkdir()
    (path / "a").write_bytes(content)
    (path / "b").write_bytes(content)
    return path


def test_directory_is_published_once(tmp_path: Path) -> None:
    final = tmp_path / "final"
    assert files.publish_directory(staged(tmp_path, OLD), final)
    second = staged(tmp_path, NEW)
    assert not files.publish_directory(second, final)
    assert (final / "a").read_bytes() == (final / "b").read_bytes() == OLD
    assert (second / "a").read_bytes() == NEW


def test_concurrent_threads_publish_once(tmp_path: Path) -> None:
    final, start = tmp_path / "final", threading.Barrier(8)
    folders = [staged(tmp_path, bytes([number]) * 100) for number in range(8)]

    def publish(folder: Path) -> bool:
        start.wait()
        return files.publish_directory(folder, final)

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(publish, folders))
    assert won.count(True) == 1
    assert (final / "a").read_bytes() == (final / "b").read_bytes() == bytes([won.index(True)]) * 100


def test_publish_without_staged_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.publish_directory(tmp_path / "nothing", tmp_path / "final")


def test_removed_directory_leaves_nothing(tmp_path: Path) -> None:
    final = tmp_path / "final"
    files.publish_directory(staged(tmp_path, OLD), final)
    files.remove_directory(final)
    assert list(tmp_path.iterdir()) == []


# -- killed at each step ---------------------------------------------------------------------------------------------


def test_write_killed_at_any_step_is_atomic(tmp_path: Path) -> None:
    path, seen = tmp_path / "file", []
    path.write_bytes(OLD)
    for _ in killed_at_each_step(lambda: files.write_atomic(path, NEW)):
        seen.append(path.read_bytes())
        sweep_aged(tmp_path)
        assert list(tmp_path.iterdir()) == [path]
        path.write_bytes(OLD)
    assert set(seen) == {OLD, NEW}
    assert seen == sorted(seen, reverse=True), "once it is new it stays new"
    assert path.read_bytes() == NEW


def test_publish_killed_at_any_step_is_atomic(tmp_path: Path) -> None:
    final, seen = tmp_path / "final", []
    for _ in killed_at_each_step(lambda: files.publish_directory(staged(tmp_path, NEW), final)):
        seen.append(final.exists())
        if final.exists():
            assert (final / "a").read_bytes() == (final / "b").read_bytes() == NEW
            shutil.rmtree(final)
        sweep_aged(tmp_path)
        assert list(tmp_path.iterdir()) == []
    assert set(seen) == {False, True}


def test_removal_killed_at_any_step_is_atomic(tmp_path: Path) -> None:
    final, seen = tmp_path / "final", []
    files.publish_directory(staged(tmp_path, OLD), final)
    for _ in killed_at_each_step(lambda: files.remove_directory(final)):
        seen.append(final.exists())
        if final.exists():
            assert (final / "a").read_bytes() == (final / "b").read_bytes() == OLD
        else:
            sweep_aged(tmp_path)
            assert list(tmp_path.iterdir()) == []
            files.publish_directory(staged(tmp_path, OLD), final)
    assert set(seen) == {False, True}


@needs_programs("strace")
def test_write_killed_at_any_system_call_is_atomic(tmp_path: Path) -> None:
    path, seen = tmp_path / "file", []
    program = (
        "import sys; from pathlib import Path; from models_store.files import write_atomic; "
        f"write_atomic(Path(sys.argv[1]), {NEW[:3]!r} * {len(NEW) // 3})"
    )
    for call in ("write", "fsync", "rename"):
        for number in range(1, 10):
            path.write_bytes(OLD)
            inject = ["-f", "-qq", "-o", os.devnull, "-e", f"inject={call}:signal=KILL:when={number}"]
            python = [sys.executable, "-B", "-S", "-c", program, str(path)]
            ended = subprocess.run(["strace", *inject, *python], cwd=ROOT, capture_output=True, check=False)
            if b"ptrace" in ended.stderr:
                skip_not_permitted(f"tracing: {ended.stderr.decode().strip()}")
            assert path.read_bytes() in {OLD, NEW}
            sweep_aged(tmp_path)
            assert list(tmp_path.iterdir()) == [path]
            if ended.returncode == 0:
                assert path.read_bytes() == NEW
                break
            seen.append(path.read_bytes())
    assert set(seen) == {OLD, NEW}


# -- stale temporaries -----------------------------------------------------------------------------------------------


def test_stale_temporaries_are_removed(tmp_path: Path) -> None:
    young, old = staged(tmp_path, OLD), staged(tmp_path, OLD)
    young_file, old_file = files.temporary_name(tmp_path / "x.json"), files.temporary_name(tmp_path / "y.json")
    young_file.touch()
    old_file.touch()
    published = tmp_path / "final"
    published.mkdir()
    for path in (old, old_file, published):
        age(path)
    age(young, files.TEMPORARY_SECONDS - 30)

    files.remove_stale_temporaries(tmp_path)

    assert set(tmp_path.iterdir()) == {young, young_file, published}


def test_clock_that_is_ahead_removes_no_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An API process whose clock is ahead of that of the file system removed what was just being written."""
    young, old = staged(tmp_path, OLD), staged(tmp_path, OLD)
    age(old)
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 3600)

    files.remove_stale_temporaries(tmp_path)

    assert set(tmp_path.iterdir()) == {young}


def test_stale_temporaries_go_from_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = staged(tmp_path, OLD)
    age(old)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(Path, "touch", fail)

    files.remove_stale_temporaries(tmp_path)

    assert not old.exists()


def test_temporary_names_are_unique_siblings(tmp_path: Path) -> None:
    names = {files.temporary_name(tmp_path / "file") for _ in range(100)}
    assert len(names) == 100
    assert {name.parent for name in names} == {tmp_path}


# -- the lock --------------------------------------------------------------------------------------------------------


def test_lock_is_released_when_its_holder_is_killed(tmp_path: Path) -> None:
    def take(hold: Callable[[], None]) -> None:
        with files.lock_folder(tmp_path):
            hold()

    with holding(take) as holder:
        with (
            pytest.raises(Busy, match=r"the lock of .* within 0.05 s"),
            files.lock_folder(tmp_path, 0.05),
        ):
            pass
        kill(holder)
        with files.lock_folder(tmp_path, 0):
            pass


def test_lock_excludes_another_thread(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def count(_: int) -> None:
        with files.lock_folder(tmp_path, 20):
            files.write_synced(counter, str(int(counter.read_text()) + 1).encode())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, range(100)))
    assert counter.read_text() == "100"


def test_lock_is_released_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), files.lock_folder(tmp_path):
        raise ZeroDivisionError
    with files.lock_folder(tmp_path, 0):
        pass


def test_lock_is_released_despite_forked_child(tmp_path: Path) -> None:
    with files.lock_folder(tmp_path):
        forked = start_child(signal.pause)
    try:
        with files.lock_folder(tmp_path, 0):
            pass
    finally:
        kill(forked)


def test_lock_of_missing_folder_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="/gone not found: it was deleted"), files.lock_folder(tmp_path / "gone"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_made_again", [True, False])
def test_waiting_for_a_deleted_lock_is_no_lock(tmp_path: Path, is_made_again: bool) -> None:
    """Who waited for the lock of a folder that was deleted does not hold that of its successor."""
    folder, order = tmp_path / "a", list[str]()

    def wait() -> None:
        try:
            with files.lock_folder(folder, 60):
                order.append("waiter")
        except NotFound:
            order.append("not found")

    folder.mkdir()
    with ThreadPoolExecutor(1) as threads:
        with ExitStack() as held:
            with files.lock_folder(folder):
                waiter = threads.submit(wait)
                eventually(lambda: open_files_in(folder) == 2)
                files.remove_directory(folder)
                if is_made_again:
                    folder.mkdir()
                    held.enter_context(files.lock_folder(folder))
            if is_made_again:
                eventually(lambda: open_files_in(folder) == 2)
                order.append("holder")
        waiter.result()
    assert order == (["holder", "waiter"] if is_made_again else ["not found"])


def open_files_in(folder: Path) -> int:
    """Of this process."""
    return sum(Path(each.path).parent == folder for each in psutil.Process().open_files())
