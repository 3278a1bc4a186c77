import errno
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models_store import keys
from models_store.artifacts import ARTIFACTS, EVALUATION_FILE, MANIFEST_FILE
from models_store.errors import Damaged, NotFound
from models_store.experiments import history
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.folders import RECORD_FILE
from models_store.experiments.pages import Query
from models_store.experiments.record import Record, Status
from models_store.files import temporary_name
from models_store.jobs import view_repair
from models_store.jobs.queue import TRAINING, JobKind, JobName
from models_store.jobs.workers import Device, Worker
from models_store.store import Store
from models_store.versions import SCHEMA_VERSION
from tests.models_store.abandoned import abandon
from tests.models_store.conftest import MakeSpec
from tests.models_store.results import KILLED, points
from tests.models_store.test_files import age
from tests.support.published import publish
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

Succeed = Callable[..., Record]
Reopened = Callable[[], Store]


# What a process of this version is elected by.
ANOTHER = f"{SCHEMA_VERSION}:another"


def consume(valkey: Valkey) -> None:
    """Lose all messages, as a worker that dies with its message does."""
    with valkey.client() as client:
        client.delete(keys.TRAININGS)


def empty(valkey: Valkey) -> None:
    with valkey.client() as client:
        client.flushall()


def shown(store: Store) -> dict[str, Record]:
    return {record.id: record for record in store.experiments.page(Query(limit=200)).items}


# -- an emptied Redis ------------------------------------------------------------------------------------------------


def test_emptied_redis_is_rebuilt_from_disk(
    store: Store, valkey: Valkey, tiny_spec: MakeSpec, succeed: Succeed
) -> None:
    good, better = succeed(0.5), succeed(0.75)
    failed, running, cancelled, waiting = (store.experiments.create(tiny_spec(tags=("a",))) for _ in range(4))
    for record in (failed, running):
        claim = TrainingClaim.acquire(store.training_jobs, record.id, worker="worker")
        assert claim is not None
        if record is failed:
            claim.fail(KILLED)
    store.experiments.cancel(cancelled.id)
    store.reconciler.sweep()
    before = store.experiments.page(Query())
    assert len(before.items) == 6

    empty(valkey)
    assert store.reconciler.sweep()

    assert store.experiments.page(Query()) == before
    best_first = store.experiments.page(Query(sort="-val_accuracy", status=Status.SUCCEEDED))
    assert [record.id for record in best_first.items] == [better.id, good.id]
    assert [record.id for record in store.models.ranking("digits")] == [better.id, good.id]
    assert len(store.experiments.page(Query(tag="a")).items) == 4
    assert store.queue.pending(TRAINING) == {(waiting.id,)}


def test_emptied_redis_keeps_the_holder(store: Store, claim: TrainingClaim, valkey: Valkey) -> None:
    empty(valkey)
    assert store.reconciler.sweep()
    assert store.experiments.leases.is_held(claim.id)
    assert store.reconciler.sweep()
    claim.renew()
    claim.begin_history([])
    assert store.experiments.read(claim.id).attempts == 1
    assert TrainingClaim.acquire(store.training_jobs, claim.id, worker="second") is None


def test_emptied_redis_and_killed_worker_are_recovered(store: Store, claim: TrainingClaim, valkey: Valkey) -> None:
    empty(valkey)
    assert abandon(store, claim).status is Status.QUEUED
    assert store.queue.pending(TRAINING) == {(claim.id,)}
    second = TrainingClaim.acquire(store.training_jobs, claim.id, worker="second")
    assert second is not None
    assert second.token == 2


def test_experiments_are_found_during_a_rebuild(store: Store, valkey: Valkey, tiny_spec: MakeSpec) -> None:
    ids = [store.experiments.create(tiny_spec()).id for _ in range(10)]
    with ThreadPoolExecutor(1) as threads:
        empty(valkey)
        sweeping = threads.submit(store.reconciler.sweep)
        while not sweeping.done():
            assert all(store.experiments.get(each).status is Status.QUEUED for each in ids)
        assert sweeping.result()
    assert set(shown(store)) == set(ids)


def test_index_of_another_version_is_rebuilt(store: Store, valkey: Valkey, succeed: Succeed) -> None:
    record = succeed(0.5)
    store.reconciler.sweep()
    stale = keys.model_index("elsewhere")
    with valkey.client() as client:
        indexes = client.hget(keys.experiment(record.id), "indexes")
        client.hset(keys.experiment(record.id), "indexes", f"{indexes}\n{stale}")
        client.zadd(stale, {record.id: 1.0})
        client.delete(keys.COMPLETE)

    assert store.reconciler.sweep()

    assert store.experiments.index.best_models("elsewhere") == []
    assert [each.id for each in store.models.ranking("digits")] == [record.id]


# -- lost workers ----------------------------------------------------------------------------------------------------


def test_abandoned_run_is_queued_then_fails(store: Store, queued: Record) -> None:
    for attempt in (1, 2, 3):
        claim = TrainingClaim.acquire(store.training_jobs, queued.id, worker=f"worker{attempt}")
        assert claim is not None
        record = abandon(store, claim)
        assert record.attempts == attempt
        assert record.error is not None
        assert f"worker{attempt} stopped renewing its lease" in record.error.message
    assert record.status is Status.FAILED
    assert record.error is not None
    assert "attempt 3 of 3" in record.error.message
    assert store.experiments.get(queued.id) == record


def test_abandoned_run_with_cancel_is_cancelled(store: Store, claim: TrainingClaim) -> None:
    store.experiments.cancel(claim.id)
    assert abandon(store, claim).status is Status.CANCELLED


def test_run_with_lease_is_left_alone(store: Store, claim: TrainingClaim) -> None:
    for _ in range(3):
        claim.renew()
        assert store.reconciler.sweep()
    assert store.experiments.read(claim.id) == claim.record


def test_first_sweep_grants_one_more_term(store: Store, claim: TrainingClaim) -> None:
    store.experiments.leases.release(claim.id, claim.token)
    assert store.reconciler.sweep()
    assert store.experiments.leases.is_held(claim.id)
    assert store.experiments.read(claim.id).status is Status.RUNNING


def test_restarted_redis_grants_holders_one_more_term(
    own_store: Store, own_valkey: Valkey, tiny_spec: MakeSpec
) -> None:
    record = own_store.experiments.create(tiny_spec())
    claim = TrainingClaim.acquire(own_store.training_jobs, record.id, worker="worker")
    assert claim is not None
    assert own_store.reconciler.sweep()
    own_valkey.kill()
    assert not own_store.reconciler.sweep()
    own_valkey.restart()
    own_store.experiments.leases.release(claim.id, claim.token)
    assert own_store.reconciler.sweep()
    assert own_store.experiments.read(claim.id).status is Status.RUNNING
    assert own_store.experiments.leases.is_held(claim.id)
    assert abandon(own_store, claim).status is Status.QUEUED


# -- lost messages ---------------------------------------------------------------------------------------------------


def test_lost_message_is_sent_again_once_per_lease(store: Store, queued: Record, valkey: Valkey) -> None:
    consume(valkey)
    for _ in range(3):
        assert store.reconciler.sweep()
    assert store.queue.depth(TRAINING) == 1
    consume(valkey)
    assert store.reconciler.sweep()
    assert store.queue.depth(TRAINING) == 0
    with valkey.client() as client:
        assert 0 < client.pttl(keys.resent(queued.id)) <= store.experiments.leases.seconds * 1000
        client.delete(keys.resent(queued.id))
    assert store.reconciler.sweep()
    assert store.queue.pending(TRAINING) == {(queued.id,)}


def test_only_lost_messages_are_sent_again(store: Store, valkey: Valkey, tiny_spec: MakeSpec) -> None:
    lost = store.experiments.create(tiny_spec())
    consume(valkey)
    waiting = store.experiments.create(tiny_spec())
    assert store.reconciler.sweep()
    assert store.queue.pending(TRAINING) == {(lost.id,), (waiting.id,)}
    assert store.queue.depth(TRAINING) == 2


def test_absent_class_has_no_message(store: Store, valkey: Valkey, tiny_spec: MakeSpec) -> None:
    """Each would have a worker look through all that wait, for nothing."""
    usual, insisting = (store.experiments.create(tiny_spec(device=each)).id for each in (None, "gpu24"))
    small = Worker(name="a", hostname="a", pid=1, device=Device(kind="cpu", name="EPYC"))
    large = Worker(name="b", hostname="b", pid=1, device=Device(kind="gpu", name="A10"))

    def sent() -> set[JobName]:
        with valkey.client() as client:
            client.delete(keys.TRAININGS, keys.resent(usual), keys.resent(insisting))
        assert store.reconciler.sweep()
        return store.queue.pending(TRAINING)

    assert sent() == {(usual,), (insisting,)}, "no worker is disturbed"
    store.workers.beat(small)
    assert sent() == {(usual,)}
    store.workers.beat(large)
    assert sent() == {(usual,), (insisting,)}
    store.workers.drain("b", "finish")
    assert sent() == {(usual,)}


def test_experiment_deleted_during_sweep_is_skipped(
    store: Store, valkey: Valkey, tiny_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    doomed, other = (store.experiments.create(tiny_spec()) for _ in range(2))
    consume(valkey)

    def nothing(_: JobKind) -> set[JobName]:
        store.experiments.delete(doomed.id)
        return set()

    with monkeypatch.context() as patched:
        patched.setattr(store.queue, "pending", nothing)
        assert store.reconciler.sweep()
    assert store.queue.pending(TRAINING) == {(other.id,)}


def test_run_shown_as_queued_is_recovered(store: Store, queued: Record, claim: TrainingClaim, valkey: Valkey) -> None:
    # The worker died between the record on disk and the view.
    with valkey.client() as client:
        client.delete(keys.experiment(queued.id))
    store.experiments.index.put(queued)
    consume(valkey)
    assert abandon(store, claim).status is Status.QUEUED


# -- damage ----------------------------------------------------------------------------------------------------------

CUTS: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda _: b"",
    "half": lambda data: data[: len(data) // 2],
    "last-byte": lambda data: data[:-1],
    "braces": lambda _: b"{}",
}


def with_history(store: Store, claim: TrainingClaim) -> None:
    claim.begin_history([])
    for each in points(4):
        claim.append(each)


@pytest.mark.parametrize("cut", CUTS)
def test_damaged_record_is_marked_alone(
    store: Store, tiny_spec: MakeSpec, reopened: Reopened, cut: str, valkey: Valkey
) -> None:
    bad, good = (store.experiments.create(tiny_spec()) for _ in range(2))
    path = store.experiments.folder(bad.id) / RECORD_FILE
    path.write_bytes(CUTS[cut](path.read_bytes()))
    for was_emptied in (False, True):
        if was_emptied:
            empty(valkey)
        other = reopened()
        assert other.reconciler.sweep()
        items = shown(other)
        assert (items[bad.id].status, items[bad.id].damaged) == (Status.FAILED, (RECORD_FILE,))
        assert items[good.id] == good


@pytest.mark.parametrize("cut", ["emptied", "half", "braces"])
def test_damaged_history_is_marked_alone(
    store: Store, claim: TrainingClaim, succeed: Succeed, reopened: Reopened, cut: str
) -> None:
    with_history(store, claim)
    claim.fail(KILLED)
    good = succeed()
    path = claim.folder / history.HISTORY_FILE
    path.write_bytes(CUTS[cut](path.read_bytes()))
    other = reopened()
    assert other.reconciler.sweep()
    items = shown(other)
    assert (items[claim.id].status, items[claim.id].damaged) == (Status.FAILED, (history.HISTORY_FILE,))
    assert items[good.id] == good


@pytest.mark.parametrize("name", [MANIFEST_FILE, EVALUATION_FILE])
@pytest.mark.parametrize("cut", CUTS)
def test_damaged_result_is_marked_and_is_no_model(
    store: Store, succeed: Succeed, reopened: Reopened, name: str, cut: str
) -> None:
    bad, good = succeed(0.9), succeed(0.1)
    path = store.experiments.folder(bad.id) / ARTIFACTS / name
    path.write_bytes(CUTS[cut](path.read_bytes()))
    other = reopened()
    assert other.reconciler.sweep()
    items = shown(other)
    assert (items[bad.id].status, items[bad.id].damaged) == (Status.SUCCEEDED, (ARTIFACTS,))
    assert items[good.id] == good
    assert [record.id for record in other.models.ranking("digits")] == [good.id]


def test_flipped_bit_of_a_result_is_found_when_read(store: Store, tiny_spec: MakeSpec, reopened: Reopened) -> None:
    """A sweep compares sizes alone."""
    bad, good = publish(store, tiny_spec(), 0.9), publish(store, tiny_spec(), 0.1)
    path = store.experiments.artifacts(bad.id) / EVALUATION_FILE
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    other = reopened()
    assert other.reconciler.sweep()
    with pytest.raises(Damaged, match=EVALUATION_FILE):
        other.experiments.evaluations(bad.id)
    assert other.experiments.evaluations(good.id) == store.experiments.evaluations(good.id)


def test_unreadable_record_hides_no_other(
    store: Store, claim: TrainingClaim, tiny_spec: MakeSpec, reopened: Reopened
) -> None:
    good = store.experiments.create(tiny_spec())
    waiting = store.experiments.create(tiny_spec())
    for unreadable in (claim.id, waiting.id):
        path = store.experiments.folder(unreadable) / RECORD_FILE
        path.unlink()
        path.mkdir()
    (store.experiments.experiments / "01J00000000000000000000000").touch()
    for each in (store, reopened()):
        assert each.reconciler.sweep()
        assert each.reconciler.sweep()
        assert shown(each)[good.id] == good


def test_missing_result_is_marked(store: Store, succeed: Succeed, reopened: Reopened) -> None:
    bad = succeed()
    shutil.rmtree(store.experiments.folder(bad.id) / ARTIFACTS)
    other = reopened()
    assert other.reconciler.sweep()
    assert shown(other)[bad.id].damaged == (ARTIFACTS,)


def test_repaired_experiment_is_no_longer_marked(store: Store, queued: Record, reopened: Reopened) -> None:
    path = store.experiments.folder(queued.id) / RECORD_FILE
    sound = path.read_bytes()
    path.write_bytes(b"{}")
    assert reopened().reconciler.sweep()
    path.write_bytes(sound)
    other = reopened()
    assert other.reconciler.sweep()
    assert shown(other) == {queued.id: queued}


def test_run_with_damaged_record_is_marked(store: Store, claim: TrainingClaim) -> None:
    assert store.reconciler.sweep()
    (claim.folder / RECORD_FILE).write_bytes(b"{}")
    store.experiments.leases.release(claim.id, claim.token)

    def marked() -> bool:
        assert store.reconciler.sweep()
        return shown(store)[claim.id].damaged == (RECORD_FILE,)

    eventually(marked)
    assert store.experiments.get(claim.id).status is Status.FAILED


# -- what only one side knows ----------------------------------------------------------------------------------------


def test_record_gone_from_disk_leaves_the_view(store: Store, succeed: Succeed) -> None:
    gone, kept = succeed(), succeed()
    assert store.reconciler.sweep()
    shutil.rmtree(store.experiments.folder(gone.id))
    assert store.reconciler.sweep()
    assert set(shown(store)) == {kept.id}
    with pytest.raises(NotFound):
        store.experiments.get(gone.id)


def test_experiment_copied_into_the_store_is_shown(store: Store, succeed: Succeed, valkey: Valkey) -> None:
    record = succeed()
    assert store.reconciler.sweep()
    store.experiments.index.remove(record.id)
    assert store.reconciler.sweep()
    assert shown(store) == {record.id: record}


def test_foreign_folder_is_ignored(store: Store, queued: Record) -> None:
    for name in ("notes", ".hidden", queued.id.lower(), "lost+found"):
        (store.experiments.experiments / name).mkdir()
    assert store.reconciler.sweep()
    assert set(shown(store)) == {queued.id}


def test_first_sweep_removes_leftovers(store: Store, queued: Record) -> None:
    old = temporary_name(store.experiments.folder(queued.id))
    young = temporary_name(store.experiments.folder(queued.id))
    inside = temporary_name(store.experiments.folder(queued.id) / RECORD_FILE)
    old.mkdir()
    young.mkdir()
    inside.touch()
    age(old)
    age(inside)
    assert store.reconciler.sweep()
    assert not old.exists()
    assert young.exists()
    assert not inside.exists()


def test_leftovers_of_all_rooms_are_removed(store: Store) -> None:
    """But not what a job stages, for as long as it may take."""
    root = store.experiments.experiments.parent
    pin = temporary_name(root / "serving" / "digits.json")
    delivery = temporary_name(root / "webhooks" / "hook" / "pending" / "one.json")
    attempt = root / "evaluations" / "some" / ".result.1.tmp"
    for each in (pin, delivery, attempt):
        each.parent.mkdir(parents=True, exist_ok=True)
        each.touch()
        age(each)
    assert store.reconciler.sweep()
    assert [each.exists() for each in (pin, delivery, attempt)] == [False, False, True]


# -- two at once, and none -------------------------------------------------------------------------------------------


def test_sweeps_exclude_each_other(store: Store, valkey: Valkey) -> None:
    with valkey.client() as client:
        client.set(keys.RECONCILER, ANOTHER, px=60_000)
        assert not store.reconciler.sweep()
        assert client.get(keys.RECONCILER) == ANOTHER
        client.delete(keys.RECONCILER)
        assert store.reconciler.sweep()
        assert client.get(keys.RECONCILER) is None


def test_lock_of_dead_reconciler_expires(store: Store, reopened: Reopened, valkey: Valkey) -> None:
    died, lives = store.reconciler, reopened().reconciler
    assert died._election.hold(store.experiments.leases.seconds)

    assert not lives.sweep()
    with valkey.client() as client:
        assert 0 < client.pttl(keys.RECONCILER) <= store.experiments.leases.seconds * 1000
    eventually(lives.sweep)


def test_reconciler_lock_is_reentrant(store: Store) -> None:
    assert store.reconciler._election.hold(60.0)
    assert store.reconciler.sweep()


def test_elected_process_stays_elected(store: Store, reopened: Reopened, valkey: Valkey) -> None:
    first, second = store.reconciler, reopened().reconciler
    for _ in range(3):
        assert first.take_turn(10.0)
        assert not second.take_turn(10.0)
    with valkey.client() as client:
        assert 20_000 < client.pttl(keys.RECONCILER) <= 25_000
    first.resign()
    assert second.take_turn(10.0)
    assert not first.take_turn(10.0)


def test_dead_elected_process_is_replaced(store: Store, reopened: Reopened, valkey: Valkey) -> None:
    assert store.reconciler.take_turn(10.0)
    with valkey.client() as client:
        client.pexpire(keys.RECONCILER, 1)
    eventually(lambda: reopened().reconciler.take_turn(10.0))
    assert not store.reconciler.take_turn(10.0)


def test_process_that_is_not_elected_shows_its_own(store: Store, reopened: Reopened, queued: Record) -> None:
    assert reopened().reconciler.take_turn(10.0)
    store.experiments.index.remove(queued.id)
    store.experiments.unshown.add(queued.id)
    assert not store.reconciler.take_turn(10.0)
    assert set(shown(store)) == {queued.id}


def test_rebuild_ends_when_another_is_elected(
    store: Store, valkey: Valkey, tiny_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        store.experiments.create(tiny_spec())
    empty(valkey)
    monkeypatch.setattr(view_repair, "_WRITTEN", 1)
    put_all = store.experiments.index.put_all

    def put(records: Sequence[Record]) -> list[bool]:
        with valkey.client() as client:
            client.set(keys.RECONCILER, ANOTHER, px=60_000)
        return put_all(records)

    monkeypatch.setattr(store.experiments.index, "put_all", put)
    assert not store.reconciler.sweep()
    assert store.experiments.index.count() == 1
    assert not store.experiments.index.is_complete()


def test_redis_emptied_while_rebuilt_is_rebuilt_again(
    store: Store, valkey: Valkey, tiny_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any step: also before the last one, when all has been written."""
    ids = {store.experiments.create(tiny_spec()).id for _ in range(3)}
    monkeypatch.setattr(view_repair, "_WRITTEN", 1)
    index = store.experiments.index
    put_all, mark_complete = index.put_all, index.mark_complete
    for step in range(4):
        empty(valkey)
        written = 0

        def put(records: Sequence[Record], step: int = step) -> list[bool]:
            nonlocal written
            written += 1
            if written == step:
                empty(valkey)
            return put_all(records)

        def complete(ticket: str, step: int = step) -> bool:
            if step == 0:
                empty(valkey)
            return mark_complete(ticket)

        monkeypatch.setattr(index, "put_all", put)
        monkeypatch.setattr(index, "mark_complete", complete)
        assert not store.reconciler.sweep()
        assert not index.is_complete()
        monkeypatch.setattr(index, "put_all", put_all)
        monkeypatch.setattr(index, "mark_complete", mark_complete)
        assert store.reconciler.sweep()
        assert set(shown(store)) == ids


def test_failing_process_leaves_the_office_to_others(
    store: Store, reopened: Reopened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(store.reconciler._view, "match_names", fail)
    assert reopened().reconciler.sweep()
    with pytest.raises(OSError, match="too many open files"):
        store.reconciler.take_turn(10.0)
    assert not store.reconciler.take_turn(10.0)
    assert reopened().reconciler.take_turn(10.0)


def test_older_version_gives_way_to_a_newer_one(store: Store, valkey: Valkey) -> None:
    with valkey.client() as client:
        client.set(keys.RECONCILER, f"{SCHEMA_VERSION - 1}:another", px=60_000)
        assert store.reconciler.take_turn(10.0)
        store.reconciler.resign()
        client.set(keys.RECONCILER, f"{SCHEMA_VERSION + 1}:another", px=60_000)
        assert not store.reconciler.take_turn(10.0)


# -- a part at a time ------------------------------------------------------------------------------------------------


def test_slices_reach_every_experiment(
    store: Store, tiny_spec: MakeSpec, reopened: Reopened, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [store.experiments.create(tiny_spec()).id for _ in range(5)]
    assert store.reconciler.sweep()
    monkeypatch.setattr(view_repair, "_MAX_CHECKED", 2)
    for each in ids:
        (store.experiments.folder(each) / RECORD_FILE).write_bytes(b"{}")
    found = []
    for _ in range(3):
        # Each time another process.
        assert reopened().reconciler.sweep()
        found.append(sum(bool(record.damaged) for record in shown(store).values()))
    assert found == [2, 4, 5]


def test_store_that_is_not_mounted_is_not_forgotten(store: Store, tiny_spec: MakeSpec) -> None:
    ids = {store.experiments.create(tiny_spec()).id for _ in range(3)}
    assert store.reconciler.sweep()
    mounted = store.experiments.experiments
    mounted.rename(mounted.with_name("elsewhere"))
    for repair in (store.reconciler._view.match_names, store.reconciler._view.check_slice):
        with pytest.raises(FileNotFoundError):
            repair()
    mounted.with_name("elsewhere").rename(mounted)
    assert set(shown(store)) == ids


def test_deletion_that_redis_missed_is_forgotten(
    store: Store, tiny_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, deleted = (store.experiments.create(tiny_spec()).id for _ in range(2))
    assert store.reconciler.sweep()
    monkeypatch.setattr(view_repair, "_MIN_CHECKED", 0)
    monkeypatch.setattr(view_repair, "_CHECK_SECONDS", -1.0)
    shutil.rmtree(store.experiments.folder(deleted))
    # As a process that has seen none of it.
    store.reconciler._view._known = set()
    assert store.reconciler.sweep()
    assert set(shown(store)) == {kept}


def test_unreadable_folder_stops_no_recovery(
    store: Store, claim: TrainingClaim, succeed: Succeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = store.experiments.pins.folder
    unreadable = {store.experiments.folder(succeed().id), pins}
    read = set()

    def remove(folder: Path, **_: object) -> None:
        read.add(folder)
        if folder in unreadable:
            raise PermissionError("permission denied")

    monkeypatch.setattr(view_repair, "remove_stale_temporaries", remove)
    assert abandon(store, claim).is_queued
    assert pins in read
    assert store.experiments.folder(claim.id) in read


def test_view_of_an_earlier_release_is_completed(store: Store, queued: Record, valkey: Valkey) -> None:
    """It lacks what only this one writes, though the record is the same."""
    assert store.reconciler.sweep()
    with valkey.client() as client:
        client.hdel(keys.SHOWN, queued.id)
        assert store.reconciler.sweep()
        assert client.hget(keys.SHOWN, queued.id)


def test_what_redis_lost_is_shown_again(store: Store, tiny_spec: MakeSpec, valkey: Valkey) -> None:
    """Redis that is killed loses its last second, and remembers that its index was whole."""
    ids = {store.experiments.create(tiny_spec()).id for _ in range(3)}
    assert store.reconciler.sweep()
    lost = min(ids)
    store.experiments.index.remove(lost)
    assert store.reconciler.sweep()
    assert set(shown(store)) == ids


def test_sweep_costs_the_same_of_many(store: Store, tiny_spec: MakeSpec, valkey: Valkey) -> None:
    def commands() -> int:
        with valkey.client() as client:
            client.config_resetstat()
            assert store.reconciler.sweep()
            calls = {name: each["calls"] for name, each in client.info("commandstats").items()}
        return sum(count for name, count in calls.items() if "config" not in name)

    costs = []
    for number in (2, 30):
        for _ in range(number):
            store.experiments.cancel(store.experiments.create(tiny_spec()).id)
        store.reconciler.sweep()
        costs.append(commands())
    assert costs[0] == costs[1]
    assert costs[1] < 50


def test_two_sweeps_at_once_act_once(
    store: Store,
    claim: TrainingClaim,
    valkey: Valkey,
    reopened: Reopened,
    tiny_spec: MakeSpec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reopened_stores = [reopened() for _ in range(4)]
    for each in reopened_stores:
        assert each.reconciler.sweep()
    lost = store.experiments.create(tiny_spec())
    consume(valkey)
    # Not `sweep`: a process may be paused, and replaced, between two looks at who is elected.
    sweeps = [each.reconciler._sweep for each in reopened_stores]
    for each in reopened_stores:
        monkeypatch.setattr(each.reconciler._election, "require", lambda _: None)

    def act() -> bool:
        store.experiments.leases.release(claim.id, claim.token)
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda sweep: sweep(), sweeps))
        return store.experiments.read(claim.id).status is Status.QUEUED

    eventually(act)
    record = store.experiments.read(claim.id)
    assert (record.attempts, record.version) == (1, claim.record.version + 1)
    assert store.queue.pending(TRAINING) == {(claim.id,), (lost.id,)}
    assert TrainingClaim.acquire(store.training_jobs, claim.id, worker="second") is not None
    assert TrainingClaim.acquire(store.training_jobs, claim.id, worker="third") is None


def test_sweep_without_redis_returns_false(own_store: Store, own_valkey: Valkey) -> None:
    own_valkey.kill()
    assert not own_store.reconciler.sweep()
    own_valkey.restart()
    assert own_store.reconciler.sweep()


def test_sweep_changes_nothing_if_all_is_well(
    store: Store, tiny_spec: MakeSpec, succeed: Succeed, valkey: Valkey
) -> None:
    succeed()
    store.experiments.create(tiny_spec())
    assert store.reconciler.sweep()
    files = {path: path.stat().st_mtime_ns for path in store.experiments.experiments.rglob("*")}
    depth = store.queue.depth(TRAINING)
    before = shown(store)
    for _ in range(3):
        assert store.reconciler.sweep()
    assert {path: path.stat().st_mtime_ns for path in store.experiments.experiments.rglob("*")} == files
    assert store.queue.depth(TRAINING) == depth
    assert shown(store) == before


def test_sweep_of_an_empty_store_completes_it(store: Store) -> None:
    assert store.reconciler.sweep()
    assert store.experiments.page(Query()).items == []
