"""Uploaded datasets on disk: who may have a name, who converts, what is left of whom."""

import errno
import os
import threading
from collections.abc import Callable

import pytest

from models_store import keys
from models_store.datasets.conversion import Conversion
from models_store.datasets.images import IMAGES
from models_store.datasets.record import Contents, DatasetRecord, DatasetStatus, FilesDone
from models_store.datasets.store import RECORD_FILE
from models_store.errors import Busy, ClaimLost, InvalidState, NotFound, StorageFull
from models_store.jobs.attempt import is_abandoned
from models_store.store import Store
from tests.support.valkey import Valkey

CONTENTS = Contents(
    classes=("a", "b"), counts={"train": (3, 4), "test": (0, 0)}, image_shape=(8, 8, 3), sizes=(), sizes_found=1
)


def added(store: Store, name: str = "own") -> DatasetRecord:
    with store.datasets.incoming() as archive:
        archive.write(b"archive")
        return store.datasets.add(name, archive)


def ready(store: Store, name: str = "own") -> None:
    added(store, name)
    with Conversion(store.datasets, name, 3).taken() as conversion:
        assert conversion is not None
        (conversion.staged / "manifest.json").write_text("{}")
        conversion.finish(CONTENTS)


def nobody(_: str) -> list[str]:
    return []


def test_an_upload_that_breaks_off_leaves_nothing(store: Store) -> None:
    def break_off() -> None:
        with store.datasets.incoming() as archive:
            archive.write(b"half")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        break_off()
    assert [path.name for path in store.datasets.datasets.iterdir()] == [".locks"]


def test_a_full_disk_says_so_and_leaves_nothing(store: Store) -> None:
    def fill() -> None:
        with store.datasets.incoming():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageFull, match="no room to write the archive"):
        fill()
    assert [path.name for path in store.datasets.datasets.iterdir()] == [".locks"]


def test_of_many_uploads_of_one_name_one_wins(store: Store) -> None:
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


def test_facts_are_of_those_that_are_ready(store: Store) -> None:
    added(store, "late")
    ready(store)

    facts = store.datasets.facts()

    assert list(facts) == ["own"]
    assert (facts["own"].training_counts, facts["own"].has_official_test) == ((3, 4), False)
    store.datasets.delete("own", nobody)
    assert store.datasets.facts() == {}


def test_one_converts_at_a_time_and_progress_is_shown(store: Store) -> None:
    added(store)

    with Conversion(store.datasets, "own", 3).taken() as conversion:
        assert conversion is not None
        conversion.show(FilesDone(done=3, total=7))
        assert store.datasets.get("own").progress == FilesDone(done=3, total=7)
        assert not is_abandoned(store.datasets.folder("own"))
        with Conversion(store.datasets, "own", 3).taken() as second:
            assert second is None

    assert is_abandoned(store.datasets.folder("own"))


def test_a_conversion_left_three_times_has_failed(store: Store) -> None:
    added(store)
    for attempt in (1, 2, 3):
        with Conversion(store.datasets, "own", 3).taken() as conversion:
            assert conversion is not None
            assert conversion.record.attempts == attempt

    with Conversion(store.datasets, "own", 3).taken() as conversion:
        assert conversion is None

    record = store.datasets.get("own")
    assert (record.status, record.error) == (
        DatasetStatus.FAILED,
        "3 conversions were begun, and none came to an end",
    )
    assert not (store.datasets.folder("own") / "archive").exists()


def test_what_is_busy_within_a_conversion_is_told_to_its_worker(store: Store) -> None:
    added(store)

    with pytest.raises(Busy), Conversion(store.datasets, "own", 3).taken():
        raise Busy("somebody else holds it")


def test_an_old_conversion_that_gives_up_leaves_the_new_one_s_work(store: Store) -> None:
    added(store)
    with Conversion(store.datasets, "own", 3).taken() as old:
        assert old is not None
        store.datasets.delete("own", nobody)
        added(store)
        with Conversion(store.datasets, "own", 3).taken() as new:
            assert new is not None
            with pytest.raises(ClaimLost):
                old.retry("ended with status 1")
            assert new.staged.is_dir()


def test_a_conversion_whose_dataset_was_deleted_changes_nothing(store: Store) -> None:
    added(store)
    with Conversion(store.datasets, "own", 3).taken() as conversion:
        assert conversion is not None
        store.datasets.delete("own", nobody)
        following = added(store)

        with pytest.raises(ClaimLost):
            conversion.finish(CONTENTS)

    assert store.datasets.get("own") == following


def test_a_worker_that_shuts_down_gives_back_at_no_cost(store: Store) -> None:
    added(store)
    with Conversion(store.datasets, "own", 3).taken() as conversion:
        assert conversion is not None
        record = conversion.give_back()

    assert (record.status, record.attempts) == (DatasetStatus.QUEUED, 0)


def test_a_published_dataset_has_its_images_and_no_archive(store: Store) -> None:
    ready(store)

    folder = store.datasets.folder("own")
    assert sorted(path.name for path in folder.iterdir()) == [".lock", RECORD_FILE, IMAGES]


@pytest.mark.parametrize("left", [False, True], ids=["queued", "left by a worker"])
def test_reconciler_sends_a_lost_wake_up_once_in_a_lease(store: Store, valkey: Valkey, left: bool) -> None:
    added(store)
    if left:
        with Conversion(store.datasets, "own", 3).taken():
            pass
    with valkey.client() as client:
        client.delete(keys.CONVERSIONS)
        store.reconciler.sweep()
        store.reconciler.sweep()
        assert client.llen(keys.CONVERSIONS) == 1


def test_a_damaged_record_says_so_and_can_be_deleted(store: Store) -> None:
    ready(store)
    (store.datasets.folder("own") / RECORD_FILE).write_bytes(b"{")

    record = store.datasets.get("own")

    assert record.status is DatasetStatus.FAILED
    assert "does not parse" in (record.error or "")
    store.datasets.delete("own", nobody)
    with pytest.raises(NotFound):
        store.datasets.get("own")


def test_who_posts_on_a_dataset_keeps_it_from_being_deleted(store: Store, reopened: Callable[[], Store]) -> None:
    ready(store)
    order: list[str] = []

    def delete() -> None:
        reopened().datasets.delete("own", nobody)
        order.append("deleted")

    thread = threading.Thread(target=delete)
    with store.datasets.kept("own"):
        thread.start()
        order.append("posted")
        assert store.datasets.folder("own").exists()
    thread.join()

    assert order == ["posted", "deleted"]
    with pytest.raises(InvalidState, match="was deleted meanwhile"), store.datasets.kept("own"):
        pass


@pytest.mark.parametrize("name", ["..", "a/b", ".locks", "A", ""])
def test_what_is_no_name_becomes_no_path(store: Store, name: str) -> None:
    with pytest.raises(NotFound):
        store.datasets.folder(name)
