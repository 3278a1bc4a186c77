import os
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ulid import ULID

from models_store.artifacts import ARTIFACTS, EVALUATION_FILE
from models_store.errors import Busy, Damaged, IdempotencyMismatch, InvalidState, NotFound, StorageFull, Unavailable
from models_store.experiments import history
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.folders import RECORD_FILE
from models_store.experiments.history import History
from models_store.experiments.pages import Query
from models_store.experiments.record import Record, Status
from models_store.files import TEMPORARY_SECONDS, lock_folder
from models_store.ids import is_experiment_id
from models_store.jobs.queue import TRAINING
from models_store.store import Store, open_store
from tests.models_store.children import KILLED, holding, in_child, killed_at_each_step
from tests.models_store.conftest import MakeSpec
from tests.models_store.results import point, points
from tests.models_store.test_files import age, without_room
from tests.support.evaluations import evaluation_of
from tests.support.store import LEASE_SECONDS
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

UNKNOWN = "01J00000000000000000000000"
HOSTILE = [
    "../x",
    "",
    "0" * 4096,
    "%00",
    "..",
    ".",
    "/",
    "\0" * 26,
    "../../../../../etc/passwd0",
    "é" * 26,
    "8" + "Z" * 25,
]
POST_SECONDS = 4.0


def folders(store: Store) -> set[str]:
    return {path.name for path in store.experiments.experiments.iterdir()}


# -- create, get, list -----------------------------------------------------------------------------------------------


def test_created_experiment_is_stored_shown_and_queued(store: Store, tiny_spec: MakeSpec) -> None:
    spec = tiny_spec(name="first", tags=("a", "b"))
    record = store.experiments.create(spec)
    assert (record.status, record.name, record.tags, record.dataset) == (Status.QUEUED, "first", ("a", "b"), "digits")
    assert record.spec.document == spec.model_dump(mode="json")
    assert store.experiments.read(record.id) == record
    assert store.experiments.get(record.id) == record.model_copy(update={"queue_position": 1})
    assert store.queue.pending(TRAINING) == {(record.id,)}
    assert folders(store) == {record.id}


def test_queue_position_counts_the_older_ones(store: Store, tiny_spec: MakeSpec) -> None:
    ids = [store.experiments.create(tiny_spec()).id for _ in range(3)]
    assert [store.experiments.get(each).queue_position for each in ids] == [1, 2, 3]
    store.experiments.cancel(ids[0])
    assert [store.experiments.get(each).queue_position for each in ids] == [None, 1, 2]


def test_page_lists_created_experiments(store: Store, queued: Record) -> None:
    with pytest.raises(Unavailable, match="being rebuilt"):
        store.experiments.page(Query())
    store.reconciler.sweep()
    assert store.experiments.page(Query()).items == [queued]


def test_ids_created_at_a_millisecond_are_found(store: Store, tiny_spec: MakeSpec) -> None:
    record = store.experiments.create(tiny_spec())
    milliseconds = ULID.from_str(record.id).milliseconds

    assert store.experiments.ids_created_at(milliseconds) == [record.id]
    for other in (milliseconds - 1, milliseconds + 1, 0, -1, 2**48, 2**60):
        assert store.experiments.ids_created_at(other) == []


def test_children_are_listed_oldest_first(store: Store, queued: Record, tiny_spec: MakeSpec) -> None:
    with pytest.raises(Unavailable, match="being rebuilt"):
        store.experiments.children(queued.id)
    store.reconciler.sweep()
    children = [store.experiments.create(tiny_spec().model_copy(update={"based_on": queued.id})) for _ in range(3)]
    store.experiments.create(tiny_spec().model_copy(update={"based_on": children[0].id}))
    store.experiments.delete(children[1].id)
    assert [each.id for each in store.experiments.children(queued.id)] == [children[0].id, children[2].id]
    assert store.experiments.children(children[2].id) == []


@pytest.mark.parametrize("text", [*HOSTILE, UNKNOWN.lower(), " " + UNKNOWN, UNKNOWN + "\n", UNKNOWN[:-1] + "U"])
def test_invalid_id_never_becomes_a_path(store: Store, text: str) -> None:
    assert not is_experiment_id(text)
    experiments = store.experiments
    calls: list[Callable[[str], Any]] = [
        experiments.get,
        experiments.read,
        experiments.history,
        experiments.evaluation,
        experiments.artifacts,
        experiments.cancel,
        experiments.delete,
        experiments.folder,
    ]
    for call in calls:
        with pytest.raises(NotFound, match="not found") as caught:
            call(text)
        assert len(str(caught.value)) < 200


def test_unknown_id_is_not_found(store: Store) -> None:
    experiments = store.experiments
    calls: list[Callable[[str], Any]] = [
        experiments.get,
        experiments.read,
        experiments.history,
        experiments.evaluation,
        experiments.artifacts,
        experiments.cancel,
        experiments.delete,
    ]
    for call in calls:
        with pytest.raises(NotFound, match=UNKNOWN):
            call(UNKNOWN)
    assert folders(store) == set()


def test_ids_are_ulids_in_their_one_spelling() -> None:
    assert all(is_experiment_id(str(ULID())) for _ in range(100))


def test_creation_without_room_leaves_nothing(store: Store, tiny_document: dict[str, Any], tiny_spec: MakeSpec) -> None:
    spec = tiny_spec().model_copy(update={"notes": "long " * 2000})

    def create() -> None:
        with pytest.raises(StorageFull, match="no room to write experiment"):
            store.experiments.create(spec)

    assert without_room(create) == 0
    assert folders(store) == set()


# -- idempotency -----------------------------------------------------------------------------------------------------


def test_same_key_and_body_give_the_same_experiment(store: Store, tiny_spec: MakeSpec) -> None:
    first = store.experiments.create(tiny_spec(), "key", b"body")
    second = store.experiments.create(tiny_spec(), "key", b"body")
    assert first == second
    assert folders(store) == {first.id}


def test_same_key_with_another_body_is_rejected(store: Store, tiny_spec: MakeSpec) -> None:
    first = store.experiments.create(tiny_spec(), "key", b"body")
    with pytest.raises(IdempotencyMismatch, match=first.id):
        store.experiments.create(tiny_spec(), "key", b"other")
    assert folders(store) == {first.id}


def test_retry_after_end_returns_ended_experiment(store: Store, tiny_spec: MakeSpec) -> None:
    first = store.experiments.create(tiny_spec(), "key", b"body")
    cancelled = store.experiments.cancel(first.id)
    assert store.experiments.create(tiny_spec(), "key", b"body") == cancelled
    assert store.experiments.get(first.id).status is Status.CANCELLED


def test_concurrent_posts_with_one_key_create_once(store: Store, tiny_spec: MakeSpec) -> None:
    start = threading.Barrier(10)

    def create(_: int) -> Record:
        start.wait()
        return store.experiments.create(tiny_spec(), "key", b"body")

    with ThreadPoolExecutor(10) as threads:
        [record] = {record.id: record for record in threads.map(create, range(10))}.values()
    assert folders(store) == {record.id}
    assert TrainingClaim.acquire(store.training_jobs, record.id, worker="worker") is not None


def test_retry_of_killed_post_creates_once(store: Store, tiny_spec: MakeSpec, reopened: Callable[[], Store]) -> None:
    key = 0
    ids: set[str] = set()

    def create() -> None:
        reopened().experiments.create(tiny_spec(), f"key{key}", b"body")

    for _ in killed_at_each_step(create):
        before = {name for name in folders(store) if is_experiment_id(name)} - ids
        record = store.experiments.create(tiny_spec(), f"key{key}", b"body")
        assert before <= {record.id}
        assert store.experiments.create(tiny_spec(), f"key{key}", b"body") == record
        assert store.experiments.get(record.id).status is Status.QUEUED
        ids.add(record.id)
        key += 1
    assert len(ids) == key > 5
    for path in store.experiments.experiments.glob(".*"):
        age(path, TEMPORARY_SECONDS + 1)
    store.reconciler.sweep()
    assert len(folders(store)) == key + 1
    assert {record.id for record in store.experiments.page(Query(limit=200)).items} == folders(store)


@pytest.mark.parametrize("killed_in", ["publish", "show", "enqueue"])
def test_reconciler_queues_what_a_killed_api_accepted(
    store: Store, tiny_spec: MakeSpec, reopened: Callable[[], Store], killed_in: str
) -> None:
    assert store.reconciler.sweep()

    def create() -> None:
        experiments = reopened().experiments
        owner, name = {
            "publish": (experiments, "add"),
            "show": (experiments, "show"),
            "enqueue": (experiments.queue, "enqueue"),
        }[killed_in]
        setattr(owner, name, lambda *_: os._exit(KILLED))
        experiments.create(tiny_spec(), "key", b"body")

    assert in_child(create) == KILLED
    assert len(folders(store)) == (0 if killed_in == "publish" else 1)
    assert store.queue.pending(TRAINING) == set()
    assert store.reconciler.sweep()
    assert store.queue.pending(TRAINING) == {(each,) for each in folders(store)}
    assert set(store.experiments.index.ids()) == folders(store)
    retried = store.experiments.create(tiny_spec(), "key", b"body")
    assert folders(store) == {retried.id}


# -- reading from disk -----------------------------------------------------------------------------------------------


def test_get_reads_disk_when_the_view_was_emptied(store: Store, claim: TrainingClaim, valkey: Valkey) -> None:
    claim.begin_history([])
    claim.append(point(0))
    with valkey.client() as client:
        client.flushall()
    assert store.experiments.get(claim.id) == store.experiments.read(claim.id)
    assert store.experiments.history(claim.id) == History(points=(point(0),))


def test_get_reads_disk_while_redis_is_down(own_store: Store, own_valkey: Valkey, tiny_spec: MakeSpec) -> None:
    record = own_store.experiments.create(tiny_spec())
    own_valkey.kill()
    assert own_store.experiments.get(record.id) == record
    assert own_store.experiments.history(record.id) == History()
    with pytest.raises(NotFound):
        own_store.experiments.get(UNKNOWN)
    with pytest.raises(NotFound):
        own_store.experiments.history(UNKNOWN)
    with pytest.raises(Unavailable, match="try again"):
        own_store.experiments.page(Query())
    with pytest.raises(Unavailable, match="try again"):
        own_store.experiments.children(record.id)
    with pytest.raises(Unavailable):
        own_store.experiments.check_view()
    own_valkey.restart()
    own_store.experiments.check_view()


@pytest.mark.parametrize("fault", ["kill", "pause"])
def test_post_is_accepted_while_redis_is_silent(
    own_store: Store, own_valkey: Valkey, tiny_spec: MakeSpec, fault: str
) -> None:
    assert own_store.reconciler.sweep()
    getattr(own_valkey, fault)()
    began = time.monotonic()
    record = own_store.experiments.create(tiny_spec(), "key", b"body")
    assert time.monotonic() - began < POST_SECONDS
    assert own_store.experiments.read(record.id) == record
    assert record.status is Status.QUEUED
    assert not own_store.reconciler.sweep()

    own_valkey.restart() if fault == "kill" else own_valkey.resume()

    eventually(own_store.reconciler.sweep)
    assert own_store.reconciler.sweep()
    assert own_store.experiments.get(record.id).queue_position == 1
    assert own_store.queue.pending(TRAINING) == {(record.id,)}
    assert own_store.queue.depth(TRAINING) == 1


def test_damaged_record_is_shown_as_failed(store: Store, queued: Record, valkey: Valkey) -> None:
    (store.experiments.folder(queued.id) / RECORD_FILE).write_bytes(b"{}")
    with valkey.client() as client:
        client.flushall()
    with pytest.raises(Damaged, match=f"{RECORD_FILE} of {queued.id} does not parse"):
        store.experiments.read(queued.id)
    shown = store.experiments.get(queued.id)
    assert (shown.status, shown.damaged) == (Status.FAILED, (RECORD_FILE,))
    assert shown.error is not None
    assert shown.error.type == "damaged"
    assert abs((shown.created_at - queued.created_at).total_seconds()) < 1


def test_missing_record_is_damage_and_not_absence(store: Store, queued: Record) -> None:
    (store.experiments.folder(queued.id) / RECORD_FILE).unlink()
    with pytest.raises(Damaged, match="is missing"):
        store.experiments.read(queued.id)


# -- history and evaluation ------------------------------------------------------------------------------------------


def test_history_since_an_epoch_is_returned(store: Store, claim: TrainingClaim) -> None:
    claim.begin_history([])
    for each in points(4):
        claim.append(each)
    assert store.experiments.history(claim.id, since=1) == History(points=points(4)[2:])
    assert store.experiments.history(claim.id, since=3) == History()
    assert store.experiments.history(claim.id, since=99) == History()


def test_history_of_ended_experiment_is_on_disk(store: Store, claim: TrainingClaim) -> None:
    claim.begin_history([])
    for each in points(4):
        claim.append(each)
    claim.cancel()
    assert store.experiments.history(claim.id, since=1) == History(points=points(4)[2:])
    path = claim.folder / history.HISTORY_FILE
    path.write_bytes(path.read_bytes().replace(b'"epoch":2', b'"epoch":7'))
    assert store.experiments.history(claim.id) == History(points=points(2), damaged=True)


def test_evaluation_exists_only_after_success(store: Store, queued: Record, succeed: Callable[..., Record]) -> None:
    with pytest.raises(NotFound, match="is queued and has no evaluation"):
        store.experiments.evaluation(queued.id)
    record = succeed()
    assert store.experiments.evaluation(record.id) == evaluation_of(accuracy=0.5)
    (store.experiments.artifacts(record.id) / EVALUATION_FILE).write_bytes(b"{}")
    with pytest.raises(Damaged):
        store.experiments.evaluation(record.id)


# -- cancel, delete --------------------------------------------------------------------------------------------------


def test_queued_experiment_is_cancelled_at_once(store: Store, queued: Record) -> None:
    record = store.experiments.cancel(queued.id)
    assert (record.status, record.cancel_requested, record.stop_reason) == (Status.CANCELLED, True, "cancelled")
    assert store.experiments.read(queued.id) == store.experiments.get(queued.id) == record


def test_running_experiment_is_asked_to_stop_once(store: Store, claim: TrainingClaim) -> None:
    record = store.experiments.cancel(claim.id)
    assert (record.status, record.cancel_requested) == (Status.RUNNING, True)
    assert store.experiments.cancel(claim.id) == record


def test_ended_experiment_rejects_cancel(store: Store, succeed: Callable[..., Record]) -> None:
    record = succeed()
    with pytest.raises(InvalidState, match="is succeeded and cannot be cancelled"):
        store.experiments.cancel(record.id)
    assert store.experiments.read(record.id) == record


def test_stop_is_asked_once_and_cancel_outweighs_it(store: Store, claim: TrainingClaim) -> None:
    stopping = store.experiments.stop(claim.id)
    assert (stopping.status, stopping.stop_requested) == (Status.RUNNING, True)
    assert store.experiments.stop(claim.id) == stopping

    store.experiments.cancel(claim.id)
    with pytest.raises(InvalidState, match="is being cancelled and cannot be stopped"):
        store.experiments.stop(claim.id)


def test_only_what_has_learnt_is_stopped(store: Store, queued: Record) -> None:
    with pytest.raises(InvalidState, match="is queued and has learnt nothing to publish; cancel it instead"):
        store.experiments.stop(queued.id)
    store.experiments.cancel(queued.id)
    with pytest.raises(InvalidState, match="is cancelled and cannot be stopped"):
        store.experiments.stop(queued.id)


def test_retry_queues_a_cancelled_experiment_again(store: Store, queued: Record) -> None:
    store.experiments.cancel(queued.id)
    again = store.experiments.retry(queued.id)

    assert (again.status, store.experiments.get(queued.id).status) == (Status.QUEUED, Status.QUEUED)
    assert TrainingClaim.acquire(store.training_jobs, queued.id, worker="worker") is not None
    with pytest.raises(InvalidState, match="is running; only failed and cancelled ones are run again"):
        store.experiments.retry(queued.id)


def test_damaged_experiment_is_not_retried(store: Store, queued: Record) -> None:
    (store.experiments.folder(queued.id) / RECORD_FILE).write_bytes(b"{}")
    with pytest.raises(Damaged):
        store.experiments.retry(queued.id)


def test_cancel_and_claim_at_once_have_one_winner(store: Store, tiny_spec: MakeSpec) -> None:
    for _ in range(10):
        record = store.experiments.create(tiny_spec())
        start = threading.Barrier(2)

        def cancel(start: threading.Barrier = start, record: Record = record) -> Record:
            start.wait()
            return store.experiments.cancel(record.id)

        def take(start: threading.Barrier = start, record: Record = record) -> TrainingClaim | None:
            start.wait()
            return TrainingClaim.acquire(store.training_jobs, record.id, worker="worker")

        with ThreadPoolExecutor(2) as threads:
            cancelling, taking = threads.submit(cancel), threads.submit(take)
            claim, cancelled = taking.result(), cancelling.result()
        if claim is None:
            assert cancelled.status is Status.CANCELLED
        else:
            assert cancelled.status is Status.RUNNING
            claim.check()
            assert claim.record.cancel_requested


def test_change_of_locked_experiment_is_rejected(store: Store, queued: Record) -> None:
    def take(hold: Callable[[], None]) -> None:
        with lock_folder(store.experiments.folder(queued.id)):
            hold()

    with holding(take):
        with pytest.raises(Busy):
            store.experiments.cancel(queued.id)
        assert store.experiments.get(queued.id).status is Status.QUEUED


def test_deleted_experiment_is_gone(store: Store, succeed: Callable[..., Record]) -> None:
    record, other = succeed(), succeed()
    store.experiments.delete(record.id)
    assert folders(store) == {other.id}
    assert store.experiments.index.ids() == [other.id]
    with pytest.raises(NotFound):
        store.experiments.get(record.id)
    with pytest.raises(NotFound):
        store.experiments.delete(record.id)


def test_running_or_serving_experiment_is_not_deleted(
    store: Store, claim: TrainingClaim, succeed: Callable[..., Record]
) -> None:
    serving = succeed()
    with pytest.raises(InvalidState, match="is running; cancel it first"):
        store.experiments.delete(claim.id)
    with pytest.raises(InvalidState, match="serves predictions for digits"):
        store.experiments.delete(serving.id, serving=True)
    assert folders(store) == {claim.id, serving.id}


def test_pinned_experiment_is_deleted_only_by_force(store: Store, succeed: Callable[..., Record]) -> None:
    pinned, other = succeed(), succeed()
    store.models.pin("digits", pinned.id)
    with pytest.raises(InvalidState, match="is pinned to serve digits: PUT"):
        store.experiments.delete(pinned.id)
    store.experiments.delete(other.id)
    assert list(store.models.pins()) == ["digits"]

    store.experiments.delete(pinned.id, force=True)

    assert (folders(store), store.models.pins()) == (set(), {})


def test_damaged_experiment_can_be_deleted(store: Store, queued: Record) -> None:
    (store.experiments.folder(queued.id) / RECORD_FILE).write_bytes(b"")
    store.experiments.delete(queued.id)
    assert folders(store) == set()


def test_deletion_without_redis_is_shown_after_sweep(own_store: Store, own_valkey: Valkey, tiny_spec: MakeSpec) -> None:
    record = own_store.experiments.create(tiny_spec())
    own_store.reconciler.sweep()
    own_valkey.kill()
    own_store.experiments.delete(record.id)
    own_valkey.restart()
    assert own_store.reconciler.sweep()
    with pytest.raises(NotFound):
        own_store.experiments.get(record.id)
    assert own_store.experiments.page(Query()).items == []


def test_delete_and_claim_at_once_are_atomic(store: Store, tiny_spec: MakeSpec) -> None:
    for _ in range(10):
        record = store.experiments.create(tiny_spec())
        with ThreadPoolExecutor(2) as threads:
            taking = threads.submit(TrainingClaim.acquire, store.training_jobs, record.id, worker="worker")
            deleting = threads.submit(store.experiments.delete, record.id)
            claim, error = taking.result(), deleting.exception()
        folder = store.experiments.folder(record.id)
        if claim is None:
            assert error is None
            assert not folder.exists()
        else:
            assert isinstance(error, InvalidState)
            assert claim.attempt_folder.is_dir()
            claim.check()
            assert not claim.record.cancel_requested


def test_end_without_redis_is_told_from_then_on(
    own_store: Store, own_valkey: Valkey, tiny_spec: MakeSpec, tmp_path: Path
) -> None:
    """Redis still has the running one when it is back, and the worker that has ended it may be gone."""
    worker = open_store(tmp_path / "store", own_valkey.url, LEASE_SECONDS, max_attempts=3, role="worker")
    record = own_store.experiments.create(tiny_spec())
    claim = TrainingClaim.acquire(worker.training_jobs, record.id, worker="worker")
    assert claim is not None
    assert own_store.experiments.get(record.id).status is Status.RUNNING
    own_valkey.kill()
    claim.cancel()
    assert own_store.experiments.get(record.id).status is Status.CANCELLED

    own_valkey.restart()

    assert worker.experiments.index.get(record.id) != own_store.experiments.read(record.id)
    assert own_store.experiments.get(record.id).status is Status.CANCELLED


# -- two replicas ----------------------------------------------------------------------------------------------------


def test_changes_of_many_replicas_are_all_kept(store: Store, queued: Record, tmp_path: Path, valkey: Valkey) -> None:
    replicas = [
        open_store(tmp_path / "store", valkey.url, LEASE_SECONDS, max_attempts=3, role=f"replica{number}").experiments
        for number in range(4)
    ]

    def change(number: int) -> None:
        replica = replicas[number % 4]
        with replica.lock(queued.id) as record:
            replica.write(record.replace(tags=(*record.tags, str(number))))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(change, range(20)))
    record = store.experiments.read(queued.id)
    assert sorted(map(int, record.tags)) == list(range(20))
    assert record.version == queued.version + 20
    assert store.experiments.get(queued.id).version == record.version


def test_folder_that_vanishes_is_not_found(store: Store, queued: Record, valkey: Valkey) -> None:
    shutil.rmtree(store.experiments.folder(queued.id))
    with valkey.client() as client:
        client.flushall()
    with pytest.raises(NotFound):
        store.experiments.get(queued.id)
    assert not (store.experiments.folder(queued.id) / ARTIFACTS).exists()


def test_change_lost_by_redis_is_shown_after_sweep(own_store: Store, own_valkey: Valkey, tiny_spec: MakeSpec) -> None:
    assert own_store.reconciler.sweep()
    record = own_store.experiments.create(tiny_spec())
    own_valkey.kill()
    assert own_store.experiments.cancel(record.id).status is Status.CANCELLED
    own_valkey.restart()

    assert own_store.reconciler.sweep()

    assert own_store.experiments.get(record.id).status is Status.CANCELLED
