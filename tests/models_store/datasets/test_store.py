"""Uploaded datasets on disk: names, conversions, deletion."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from models_store import keys
from models_store.datasets.claim import ConversionClaim
from models_store.datasets.folders import LOCKS, RECORD_FILE
from models_store.datasets.images import IMAGES
from models_store.datasets.receiving import ARCHIVE_FILE
from models_store.datasets.record import Contents, DatasetRecord, DatasetStatus, FilesDone
from models_store.errors import Busy, ClaimLost, InvalidState, NotFound, StorageFull, Unavailable
from models_store.files import LOCK_FILE, temporary_name
from models_store.jobs.failure import Failure
from models_store.store import Store
from tests.models_store.abandoned import abandon
from tests.models_store.test_files import age
from tests.support.valkey import Valkey

CONTENTS = Contents(
    classes=("a", "b"), counts={"train": (3, 4), "test": (0, 0)}, image_shape=(8, 8, 3), sizes=(), sizes_found=1
)


def added(store: Store, name: str = "own", owner: str | None = None) -> DatasetRecord:
    with store.datasets.receive_archive() as archive:
        archive.write(b"archive")
        return store.datasets.add(name, archive, owner=owner)


def ready(store: Store, name: str = "own") -> None:
    added(store, name)
    conversion = claim(store, name)
    (conversion.attempt_folder / "manifest.json").write_text("{}")
    conversion.succeed(CONTENTS)


def claim(store: Store, name: str = "own", worker: str = "worker") -> ConversionClaim:
    acquired = ConversionClaim.acquire(store.conversion_jobs, name, worker=worker)
    assert acquired is not None
    return acquired


def nobody(_: str) -> list[str]:
    return []


def test_interrupted_upload_leaves_nothing(store: Store) -> None:
    def break_off() -> None:
        with store.datasets.receive_archive() as archive:
            archive.write(b"half")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        break_off()
    assert [path.name for path in store.datasets.datasets.iterdir()] == [".locks"]


def test_full_disk_leaves_nothing(store: Store) -> None:
    def fill() -> None:
        with store.datasets.receive_archive():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageFull, match="no room to write the archive"):
        fill()
    assert [path.name for path in store.datasets.datasets.iterdir()] == [".locks"]


def test_concurrent_uploads_of_one_name_make_one(store: Store) -> None:
    outcomes = []

    def upload() -> None:
        try:
            outcomes.append(added(store).id)
        except InvalidState as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=upload) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum("delete it first" in outcome for outcome in outcomes) == 7
    assert store.datasets.get("own").id in outcomes


def test_facts_list_ready_datasets(store: Store) -> None:
    added(store, "late")
    ready(store)

    facts = store.datasets.facts()

    assert list(facts) == ["own"]
    assert (facts["own"].training_counts, facts["own"].has_official_test) == ((3, 4), False)
    store.datasets.delete("own", nobody)
    assert store.datasets.facts() == {}


def test_conversion_has_one_claim_and_shows_progress(store: Store) -> None:
    added(store)
    conversion = claim(store)

    conversion.show(FilesDone(done=3, total=7))

    record = store.datasets.get("own")
    assert (record.status, record.worker, record.progress) == (
        DatasetStatus.CONVERTING,
        "worker",
        FilesDone(done=3, total=7),
    )
    assert ConversionClaim.acquire(store.conversion_jobs, "own", worker="second") is None


def test_conversion_abandoned_three_times_fails(store: Store) -> None:
    added(store)
    for attempt in (1, 2, 3):
        conversion = claim(store, worker=f"worker{attempt}")
        assert conversion.token == attempt
        record = abandon(store, conversion)

    assert ConversionClaim.acquire(store.conversion_jobs, "own", worker="fourth") is None
    assert (record.status, record.error) == (
        DatasetStatus.FAILED,
        "killed: worker worker3 stopped renewing its lease (attempt 3 of 3; no further attempt is made)",
    )
    assert sorted(path.name for path in store.datasets.folder("own").iterdir()) == [RECORD_FILE]


def test_conversion_of_deleted_upload_leaves_new_one(store: Store) -> None:
    added(store)
    old = claim(store)
    store.datasets.delete("own", nobody)
    added(store)
    new = claim(store)

    with pytest.raises(ClaimLost):
        old.retry(Failure(type="internal", message="ended with status 1"))

    assert new.attempt_folder.is_dir()
    assert store.datasets.get("own") == new.record


def test_conversion_of_deleted_dataset_changes_nothing(store: Store) -> None:
    added(store)
    conversion = claim(store)
    store.datasets.delete("own", nobody)
    following = added(store)

    with pytest.raises(ClaimLost):
        conversion.succeed(CONTENTS)

    assert store.datasets.get("own") == following


def test_published_dataset_keeps_images_and_no_archive(store: Store) -> None:
    ready(store)

    folder = store.datasets.folder("own")
    assert sorted(path.name for path in folder.iterdir()) == [RECORD_FILE, IMAGES]


def test_lost_message_is_sent_again_once_per_lease(store: Store, valkey: Valkey) -> None:
    added(store)
    with valkey.client() as client:
        client.delete(keys.CONVERSIONS)
        store.reconciler.sweep()
        store.reconciler.sweep()
        assert client.llen(keys.CONVERSIONS) == 1


def test_damaged_dataset_is_failed_and_deletable(store: Store) -> None:
    ready(store)
    (store.datasets.folder("own") / RECORD_FILE).write_bytes(b"{")

    record = store.datasets.get("own")

    assert record.status is DatasetStatus.FAILED
    assert "does not parse" in (record.error or "")
    store.datasets.delete("own", nobody)
    with pytest.raises(NotFound):
        store.datasets.get("own")


def test_dataset_is_not_deleted_during_a_post(store: Store, reopened: Callable[[], Store]) -> None:
    ready(store)
    order: list[str] = []

    def delete() -> None:
        reopened().datasets.delete("own", nobody)
        order.append("deleted")

    thread = threading.Thread(target=delete)
    with store.datasets.keep("own"):
        thread.start()
        order.append("posted")
        assert store.datasets.folder("own").exists()
    thread.join()

    assert order == ["posted", "deleted"]
    with pytest.raises(InvalidState, match="was deleted meanwhile"), store.datasets.keep("own"):
        pass


def test_deleted_dataset_leaves_no_lock(store: Store) -> None:
    locks = store.datasets.datasets / LOCKS
    ready(store)
    with store.datasets.keep("own"):
        pass
    assert [path.name for path in locks.iterdir()] == ["own"]

    store.datasets.delete("own", nobody)
    with pytest.raises(InvalidState, match="was deleted meanwhile"), store.datasets.keep("own"):
        pass

    assert list(locks.iterdir()) == []


def test_archive_of_a_killed_receiver_is_removed(store: Store) -> None:
    """The folder of one that is still being received is as old."""
    killed = temporary_name(store.datasets.datasets / "upload")
    killed.mkdir()
    (killed / ARCHIVE_FILE).write_bytes(b"half")
    with store.datasets.receive_archive() as archive:
        received = Path(archive.name).parent
        for each in (killed, received):
            age(each)

        store.datasets.clear_abandoned()

        assert not killed.exists()
        assert received.exists()
        store.datasets.add("own", archive)
    assert (store.datasets.folder("own") / ARCHIVE_FILE).exists()


def test_lock_without_dataset_is_swept(store: Store) -> None:
    """As a killed process, or an earlier release, has left it; one that is held stays."""
    locks = store.datasets.datasets / LOCKS
    ready(store)
    (locks / "gone").mkdir()
    (locks / "gone" / LOCK_FILE).touch()
    (locks / "odd").touch()

    with store.datasets.lock("new"):
        store.datasets.clear_abandoned()
        assert sorted(path.name for path in locks.iterdir()) == ["new", "odd", "own"]


@pytest.mark.parametrize("name", ["..", "a/b", ".locks", "A", ""])
def test_invalid_name_is_not_found(store: Store, name: str) -> None:
    with pytest.raises(NotFound):
        store.datasets.folder(name)


def test_owners_take_turns_with_conversions(store: Store) -> None:
    for name, owner in (("a", "ann"), ("b", "ann"), ("c", "ann"), ("d", "bob")):
        added(store, name, owner)
    jobs = store.conversion_jobs

    def next_one(named: str) -> str:
        claims = (ConversionClaim.acquire(jobs, *name, worker="worker") for name in jobs.candidates((named,)))
        return next(each for each in claims if each is not None).record.name

    assert [next_one(each) for each in "abcd"] == ["a", "d", "b", "c"]


def test_first_conversion_is_of_who_asked_first(store: Store) -> None:
    for name, owner in (("z", "ann"), ("a", "bob")):
        added(store, name, owner)
    assert list(store.conversion_jobs.candidates(("a",))) == [("z",), ("a",)]


def test_conversion_that_cannot_begin_is_passed_over(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise no other one would ever be converted: it would be the first for each message."""
    for name, owner in (("a", "ann"), ("b", "bob"), ("c", "cem")):
        added(store, name, owner)
    jobs = store.conversion_jobs
    clean_up = jobs.clean_up

    def fail_for_two(record: DatasetRecord) -> None:
        if record.name == "a":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if record.name == "b":
            raise Unavailable("cannot write")
        clean_up(record)

    monkeypatch.setattr(jobs, "clean_up", fail_for_two)
    claimed = ConversionClaim.acquire_first(jobs, jobs.candidates(("b",)), "worker")

    assert claimed is not None
    assert claimed.record.name == "c"
    with pytest.raises(PermissionError):
        ConversionClaim.acquire_first(jobs, jobs.candidates(("b",)), "worker")
    monkeypatch.undo()
    assert [claim(store, each).record.attempts for each in ("a", "b")] == [1, 1]


def test_locked_conversion_is_passed_over(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models_store.jobs.claim.PATIENCE_SECONDS", 0.01)
    for name, owner in (("a", "ann"), ("b", "bob")):
        added(store, name, owner)
    jobs = store.conversion_jobs

    with store.datasets.lock("a"):
        claimed = ConversionClaim.acquire_first(jobs, jobs.candidates(("a",)), "worker")
        with pytest.raises(Busy):
            ConversionClaim.acquire_first(jobs, jobs.candidates(("a",)), "worker")

    assert claimed is not None
    assert claimed.record.name == "b"


def test_without_redis_no_other_conversion_is_tried(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def lose(job_id: str, token: int) -> bool:
        tried.append(job_id)
        raise RedisConnectionError

    for name in "ab":
        added(store, name)
    monkeypatch.setattr(store.experiments.leases, "acquire", lose)

    with pytest.raises(Unavailable):
        ConversionClaim.acquire_first(store.conversion_jobs, [("a",), ("b",)], "worker")

    assert len(tried) == 1
