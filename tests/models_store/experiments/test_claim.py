import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from models_store import artifacts, keys
from models_store.errors import ClaimLost, StorageFull, Unavailable
from models_store.experiments import history
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.folders import RECORD_FILE
from models_store.experiments.history import History
from models_store.experiments.record import Progress, Record, Status
from models_store.files import LOCK_FILE, publish_directory
from models_store.jobs.queue import TRAINING
from models_store.store import Store
from models_store.versions import SCHEMA_VERSION
from tests.models_store.children import in_child, killed_at_each_step
from tests.models_store.conftest import MakeSpec
from tests.models_store.results import KILLED, point, points, stage
from tests.support.manifests import verify_manifest
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

TakeOver = Callable[[TrainingClaim], TrainingClaim]
Reopened = Callable[[], Store]


def ended(claim: TrainingClaim, accuracy: float = 0.5) -> Record:
    staged = stage(claim.attempt_folder / "result")
    return claim.succeed(staged, "completed", point(0), {"val_accuracy": accuracy}, {"accuracy": 0.25})


# -- acquire ---------------------------------------------------------------------------------------------------------


def test_claim_starts_attempt_with_lease_and_folder(store: Store, claim: TrainingClaim) -> None:
    assert (claim.token, claim.record.status, claim.record.worker) == (1, Status.RUNNING, "first")
    assert store.experiments.read(claim.id) == store.experiments.get(claim.id) == claim.record
    assert store.experiments.leases.is_held(claim.id)
    assert claim.attempt_folder.is_dir()


def test_claim_of_many_threads_goes_to_one(store: Store, queued: Record) -> None:
    start = threading.Barrier(20)

    def take(number: int) -> TrainingClaim | None:
        start.wait()
        return TrainingClaim.acquire(store.training_jobs, queued.id, worker=f"worker{number}")

    with ThreadPoolExecutor(20) as threads:
        [winner] = [claim for claim in threads.map(take, range(20)) if claim is not None]
    assert store.experiments.read(queued.id) == winner.record
    assert winner.token == 1


def test_running_experiment_is_not_claimed(store: Store, claim: TrainingClaim) -> None:
    assert TrainingClaim.acquire(store.training_jobs, claim.id, worker="second") is None


def test_queued_experiment_with_lease_is_not_claimed(store: Store, queued: Record) -> None:
    store.experiments.leases.acquire(queued.id, 7)
    assert TrainingClaim.acquire(store.training_jobs, queued.id, worker="worker") is None
    assert store.experiments.read(queued.id).status is Status.QUEUED


def test_token_grows_with_each_attempt(claim: TrainingClaim, take_over: TakeOver) -> None:
    second = take_over(claim)
    assert (claim.token, second.token) == (1, 2)
    assert claim.attempt_folder != second.attempt_folder
    assert take_over(second).token == 3


def test_cancelled_experiment_is_not_claimed(store: Store, queued: Record) -> None:
    store.experiments.cancel(queued.id)
    assert TrainingClaim.acquire(store.training_jobs, queued.id, worker="worker") is None
    assert not store.experiments.leases.is_held(queued.id)


def test_deleted_or_unknown_experiment_is_not_claimed(store: Store, queued: Record) -> None:
    store.experiments.delete(queued.id)
    assert TrainingClaim.acquire(store.training_jobs, queued.id, worker="worker") is None
    assert TrainingClaim.acquire(store.training_jobs, "../../etc", worker="worker") is None


def test_damaged_experiment_is_not_claimed(store: Store, queued: Record) -> None:
    (store.experiments.folder(queued.id) / RECORD_FILE).write_bytes(b"{}")
    assert TrainingClaim.acquire(store.training_jobs, queued.id, worker="worker") is None


def test_record_of_newer_schema_is_not_claimed(store: Store, queued: Record) -> None:
    store.experiments.write(queued.replace(schema_version=SCHEMA_VERSION + 1))
    path = store.experiments.folder(queued.id) / RECORD_FILE
    written = path.read_bytes()
    assert TrainingClaim.acquire(store.training_jobs, queued.id, worker="worker") is None
    assert path.read_bytes() == written


def test_disk_error_while_claiming_releases_the_lease(
    store: Store, queued: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Record) -> Record:
        raise StorageFull("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(store.experiments, "write", full)
        with pytest.raises(StorageFull):
            TrainingClaim.acquire(store.training_jobs, queued.id, worker="worker")
    assert not store.experiments.leases.is_held(queued.id)
    assert TrainingClaim.acquire(store.training_jobs, queued.id, worker="worker") is not None


def test_claim_needs_redis(own_store: Store, own_valkey: Valkey, tiny_spec: MakeSpec) -> None:
    record = own_store.experiments.create(tiny_spec())
    own_valkey.kill()
    with pytest.raises(Unavailable):
        TrainingClaim.acquire(own_store.training_jobs, record.id, worker="worker")
    assert own_store.experiments.read(record.id) == record


def test_claim_killed_at_any_step_blocks_no_worker(
    store: Store, tiny_spec: MakeSpec, reopened: Reopened, take_over: TakeOver
) -> None:
    record = store.experiments.create(tiny_spec())
    current = [record.id]

    def take() -> None:
        other = reopened().training_jobs
        if TrainingClaim.acquire(other, current[0], worker="killed") is None:
            raise AssertionError("not claimed")

    tokens = []
    for _ in killed_at_each_step(take):
        record = store.experiments.read(current[0])
        if record.status is Status.RUNNING:
            claim = take_over(TrainingClaim(store.training_jobs, record))
        else:
            claim = cast(TrainingClaim, TrainingClaim.acquire(store.training_jobs, record.id, worker="second"))
        tokens.append(claim.token)
        ended(claim)
        current[0] = store.experiments.create(tiny_spec()).id
    assert set(tokens) == {1, 2}


# -- running ---------------------------------------------------------------------------------------------------------


def test_epochs_are_on_disk_and_in_the_view(store: Store, claim: TrainingClaim) -> None:
    claim.begin_history([])
    for each in points(3):
        claim.append(each)
    assert history.read(claim.folder) == History(points=points(3))
    assert store.experiments.index.history(claim.id, -1) == History(points=points(3))
    shown = store.experiments.get(claim.id)
    assert (shown.epochs_completed, shown.best and shown.best.epoch) == (3, 2)
    assert shown.best_metrics == shown.last_metrics == points(3)[-1].metrics


def test_repeated_epoch_is_ignored(claim: TrainingClaim) -> None:
    claim.begin_history(points(2))
    claim.append(point(1, val_accuracy=0.99))
    assert history.read(claim.folder) == History(points=points(2))


def test_later_attempt_resumes_from_its_checkpoint(store: Store, claim: TrainingClaim, take_over: TakeOver) -> None:
    claim.begin_history([])
    for each in points(3):
        claim.append(each)
    second = take_over(claim)
    second.begin_history(points(2))
    assert history.read(claim.folder) == History(points=points(2))
    assert store.experiments.history(claim.id) == History(points=points(2))
    assert second.record.epochs_completed == 2
    second.append(points(3)[2])
    assert store.experiments.history(claim.id) == History(points=points(3))


def test_epoch_behind_a_torn_line_is_not_lost(claim: TrainingClaim, take_over: TakeOver) -> None:
    claim.begin_history([])
    for each in points(2):
        claim.append(each)
    with (claim.folder / history.HISTORY_FILE).open("ab") as file:
        file.write(history.encode(points(3)[2])[:20])
    second = take_over(claim)
    second.begin_history(points(2))
    second.append(points(3)[2])
    assert history.read(claim.folder) == History(points=points(3))


def test_emptied_live_history_is_restored(store: Store, claim: TrainingClaim, valkey: Valkey) -> None:
    claim.begin_history([])
    for each in points(2):
        claim.append(each)
    with valkey.client() as client:
        client.flushall()
    claim.append(points(3)[2])
    assert store.experiments.index.history(claim.id, -1) == History(points=points(3))


def test_training_continues_without_redis(own_store: Store, own_valkey: Valkey, tiny_spec: MakeSpec) -> None:
    record = own_store.experiments.create(tiny_spec())
    claim = TrainingClaim.acquire(own_store.training_jobs, record.id, worker="worker")
    assert claim is not None
    own_valkey.kill()
    claim.renew()
    claim.show(Progress(phase="training"))
    claim.begin_history([])
    for each in points(2):
        claim.append(each)
    claim.check()
    assert not claim.record.cancel_requested
    assert own_store.experiments.history(record.id) == History(points=points(2))
    assert ended(claim).status is Status.SUCCEEDED
    assert own_store.experiments.get(record.id).status is Status.SUCCEEDED


def test_progress_is_shown_and_not_written(store: Store, claim: TrainingClaim) -> None:
    claim.show(Progress(phase="training", epoch=1, step=7))
    assert store.experiments.get(claim.id).progress == Progress(phase="training", epoch=1, step=7)
    assert store.experiments.read(claim.id).progress is None


def test_cancel_is_seen_and_keeps_live_fields(store: Store, claim: TrainingClaim) -> None:
    claim.begin_history([])
    claim.append(point(0))
    claim.check()
    assert not claim.record.cancel_requested
    store.experiments.cancel(claim.id)
    claim.check()
    assert claim.record.cancel_requested
    claim.show(Progress(phase="training", epoch=1))
    shown = store.experiments.get(claim.id)
    assert (shown.cancel_requested, shown.epochs_completed) == (True, 1)
    assert shown.progress is not None


def test_cancelled_run_keeps_its_place_by_accuracy(store: Store, claim: TrainingClaim, valkey: Valkey) -> None:
    claim.append(point(0, val_accuracy=0.5))
    store.experiments.cancel(claim.id)
    claim.check()
    with valkey.client() as client:
        assert client.zscore(keys.index("val_accuracy"), claim.id) == 0.5


def test_report_after_redis_was_emptied_shows_all(store: Store, claim: TrainingClaim, valkey: Valkey) -> None:
    claim.append(point(0))
    with valkey.client() as client:
        client.flushall()
    claim.show(Progress(phase="training", step=1))
    assert store.experiments.index.get(claim.id) == claim.record


def test_expired_lease_is_reacquired_if_free(store: Store, claim: TrainingClaim) -> None:
    store.experiments.leases.release(claim.id, claim.token)
    claim.renew()
    assert store.experiments.leases.is_held(claim.id)
    claim.append(point(0))


# -- fencing ---------------------------------------------------------------------------------------------------------

WRITES: dict[str, Callable[[TrainingClaim], object]] = {
    "check": lambda claim: claim.check(),
    "renew": lambda claim: claim.renew(),
    "begin_history": lambda claim: claim.begin_history([]),
    "append": lambda claim: claim.append(points(3)[2]),
    "succeed": ended,
    "fail": lambda claim: claim.fail(KILLED),
    "cancel": lambda claim: claim.cancel(),
    "retry": lambda claim: claim.retry(KILLED),
    "give_back": lambda claim: claim.give_back(),
}


@pytest.mark.parametrize("name", WRITES)
def test_old_token_changes_nothing(store: Store, claim: TrainingClaim, take_over: TakeOver, name: str) -> None:
    claim.begin_history([])
    for each in points(2):
        claim.append(each)
    second = take_over(claim)
    second.begin_history(points(2))
    before = store.experiments.read(claim.id)

    with pytest.raises(ClaimLost):
        WRITES[name](claim)

    assert store.experiments.read(claim.id) == before == second.record.model_copy(update=_shown_only(before))
    assert history.read(claim.folder) == History(points=points(2))
    assert not (claim.folder / artifacts.ARTIFACTS).exists()
    assert store.experiments.leases.is_held(claim.id)
    second.renew()
    second.append(points(3)[2])


def _shown_only(record: Record) -> dict[str, object]:
    names = ("progress", "epochs_completed", "epoch_seconds", "best", "best_metrics", "last_metrics")
    return {name: getattr(record, name) for name in names}


def test_progress_of_old_token_is_not_shown(store: Store, claim: TrainingClaim, take_over: TakeOver) -> None:
    second = take_over(claim)
    second.show(Progress(phase="training", epoch=5))
    claim.show(Progress(phase="exporting", epoch=9))
    assert store.experiments.get(claim.id).progress == Progress(phase="training", epoch=5)


def test_token_of_deleted_experiment_is_not_reused(store: Store, tiny_spec: MakeSpec, take_over: TakeOver) -> None:
    record = store.experiments.create(tiny_spec(), "key", b"body")
    paused = TrainingClaim.acquire(store.training_jobs, record.id, worker="paused")
    assert paused is not None
    take_over(paused).give_back()
    store.experiments.cancel(record.id)
    store.experiments.delete(record.id)
    assert store.experiments.create(tiny_spec(), "key", b"body").id == record.id
    successor = TrainingClaim.acquire(store.training_jobs, record.id, worker="successor")
    assert successor is not None
    assert successor.token == paused.token
    with pytest.raises(ClaimLost):
        paused.fail(KILLED)
    with pytest.raises(ClaimLost):
        paused.check()
    assert store.experiments.read(record.id) == successor.record


@pytest.mark.parametrize("name", [name for name in WRITES if name != "renew"])
def test_claim_on_deleted_experiment_is_lost(store: Store, claim: TrainingClaim, name: str) -> None:
    shutil.rmtree(claim.folder)
    with pytest.raises((ClaimLost, FileNotFoundError) if name == "succeed" else ClaimLost):
        WRITES[name](claim)


@pytest.mark.parametrize("name", [name for name in WRITES if name != "renew"])
def test_claim_on_damaged_experiment_is_lost(store: Store, claim: TrainingClaim, name: str) -> None:
    (claim.folder / RECORD_FILE).write_bytes(b"{")
    with pytest.raises(ClaimLost):
        WRITES[name](claim)
    assert (claim.folder / RECORD_FILE).read_bytes() == b"{"


@pytest.mark.parametrize("name", ["append", "succeed", "fail", "cancel", "retry", "give_back", "check"])
def test_ended_experiment_rejects_its_own_claim(claim: TrainingClaim, name: str) -> None:
    claim.begin_history([])
    claim.fail(KILLED)
    with pytest.raises(ClaimLost, match="is failed"):
        WRITES[name](claim)


# -- ends ------------------------------------------------------------------------------------------------------------


def test_success_publishes_and_ends(store: Store, claim: TrainingClaim) -> None:
    claim.begin_history([])
    claim.append(point(0, val_accuracy=0.1))
    record = ended(claim, accuracy=0.75)
    assert store.experiments.read(claim.id) == store.experiments.get(claim.id) == record
    assert (record.status, record.stop_reason, record.error) == (Status.SUCCEEDED, "completed", None)
    assert (record.validation_metrics, record.test_metrics) == ({"val_accuracy": 0.75}, {"accuracy": 0.25})
    verify_manifest(claim.folder / artifacts.ARTIFACTS)
    assert {path.name for path in claim.folder.iterdir()} == {
        RECORD_FILE,
        LOCK_FILE,
        history.HISTORY_FILE,
        artifacts.ARTIFACTS,
    }
    assert not store.experiments.leases.is_held(claim.id)
    assert store.experiments.index.history(claim.id, -1) is None


def test_result_of_killed_predecessor_is_replaced(store: Store, claim: TrainingClaim, take_over: TakeOver) -> None:
    publish_directory(stage(claim.attempt_folder / "result", onnx=b"first"), claim.folder / artifacts.ARTIFACTS)
    second = take_over(claim)
    record = second.succeed(stage(second.attempt_folder / "result", onnx=b"second"), "completed", point(0), {}, {})
    assert record.status is Status.SUCCEEDED
    assert artifacts.read_verified(claim.folder / artifacts.ARTIFACTS, artifacts.ONNX_FILE) == b"second"


def test_success_killed_at_any_step_ends_once(
    store: Store, tiny_spec: MakeSpec, reopened: Reopened, take_over: TakeOver
) -> None:
    claims: list[TrainingClaim] = []

    def claimed() -> TrainingClaim:
        record = store.experiments.create(tiny_spec())
        claim = TrainingClaim.acquire(store.training_jobs, record.id, worker="killed")
        assert claim is not None
        claims.append(claim)
        stage(claim.attempt_folder / "result")
        return claim

    def succeed() -> None:
        dying = TrainingClaim(reopened().training_jobs, claims[-1].record)
        dying.succeed(dying.attempt_folder / "result", "completed", point(0), {"val_accuracy": 0.5}, {})

    claimed()
    seen = []
    for _ in killed_at_each_step(succeed):
        killed = claims[-1]
        status = store.experiments.read(killed.id).status
        seen.append((status, (killed.folder / artifacts.ARTIFACTS).exists()))
        if status is Status.RUNNING:
            ended(take_over(killed))
        record = store.experiments.read(killed.id)
        assert record.status is Status.SUCCEEDED
        verify_manifest(killed.folder / artifacts.ARTIFACTS)
        claimed()
    assert set(seen) == {(Status.RUNNING, False), (Status.RUNNING, True), (Status.SUCCEEDED, True)}


def test_failure_is_final(store: Store, claim: TrainingClaim) -> None:
    record = claim.fail(KILLED)
    assert store.experiments.read(claim.id) == record
    assert (record.status, record.error) == (Status.FAILED, KILLED)
    assert TrainingClaim.acquire(store.training_jobs, claim.id, worker="second") is None


def test_cancel_keeps_history_and_checkpoint(store: Store, claim: TrainingClaim) -> None:
    claim.begin_history([])
    claim.append(point(0))
    (claim.attempt_folder / "checkpoint").touch()
    store.experiments.cancel(claim.id)
    record = claim.cancel()
    assert (record.status, record.stop_reason, record.epochs_completed) == (Status.CANCELLED, "cancelled", 1)
    assert history.read(claim.folder) == History(points=(point(0),))
    assert (claim.attempt_folder / "checkpoint").exists()


def test_attempts_end_in_failure_after_the_last(store: Store, queued: Record) -> None:
    for attempt in (1, 2, 3):
        claim = TrainingClaim.acquire(store.training_jobs, queued.id, worker="worker")
        assert claim is not None
        record = claim.retry(KILLED)
        assert record.attempts == attempt
    assert record.status is Status.FAILED
    assert record.error is not None
    assert "attempt 3 of 3" in record.error.message
    assert store.experiments.read(queued.id) == record


def test_interruptions_do_not_count(store: Store, queued: Record) -> None:
    for _ in range(20):
        claim = TrainingClaim.acquire(store.training_jobs, queued.id, worker="worker")
        assert claim is not None
        assert claim.give_back().status is Status.QUEUED
    record = store.experiments.read(queued.id)
    assert (record.attempts, record.interruptions) == (20, 20)


@pytest.mark.parametrize("name", ["retry", "give_back"])
def test_returned_experiment_is_enqueued_and_free(
    store: Store, claim: TrainingClaim, valkey: Valkey, name: str
) -> None:
    with valkey.client() as client:
        client.delete("trainyard.train")
    WRITES[name](claim)
    assert store.queue.pending(TRAINING) == {(claim.id,)}
    assert not store.experiments.leases.is_held(claim.id)
    assert TrainingClaim.acquire(store.training_jobs, claim.id, worker="second") is not None


@pytest.mark.parametrize("name", ["retry", "give_back"])
def test_cancelled_experiment_is_not_returned(store: Store, claim: TrainingClaim, name: str) -> None:
    store.experiments.cancel(claim.id)
    WRITES[name](claim)
    assert store.experiments.read(claim.id).status is Status.CANCELLED
    assert TrainingClaim.acquire(store.training_jobs, claim.id, worker="second") is None


def test_killed_holder_is_succeeded_after_its_lease(store: Store, queued: Record, reopened: Reopened) -> None:
    assert in_child(lambda: TrainingClaim.acquire(reopened().training_jobs, queued.id, worker="killed")) == 0
    assert store.experiments.read(queued.id).worker == "killed"
    assert TrainingClaim.acquire(store.training_jobs, queued.id, worker="second") is None

    def acquire() -> TrainingClaim | None:
        store.reconciler.sweep()
        return TrainingClaim.acquire(store.training_jobs, queued.id, worker="second")

    second = eventually(acquire)
    assert second is not None
    assert second.token == 2
