"""What every claim promises, shown by conversions and evaluations; trainings are in tests/models_store/experiments."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from models_store.artifacts import EVALUATION_FILE, write_manifest
from models_store.datasets.claim import ConversionClaim
from models_store.datasets.images import IMAGES
from models_store.datasets.record import Contents, FilesDone
from models_store.errors import ClaimLost, Newer, StorageFull, Unavailable
from models_store.evaluations.claim import EvaluationClaim
from models_store.evaluations.record import SamplesDone
from models_store.evaluations.store import RESULT
from models_store.jobs.queue import JobName
from models_store.store import Store
from models_store.versions import SCHEMA_VERSION
from specs.dataset import DATASETS
from specs.evaluation import parse_evaluation
from specs.experiment import ExperimentSpec
from tests.models_store.abandoned import abandon
from tests.models_store.children import in_child, killed_at_each_step
from tests.models_store.results import KILLED
from tests.support.manifests import verify_manifest
from tests.support.published import publish
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

CONTENTS = Contents(
    classes=("a", "b"), counts={"train": (3, 4), "test": (0, 0)}, image_shape=(8, 8, 3), sizes=(), sizes_found=1
)
MNIST = parse_evaluation({"dataset": "mnist"}, DATASETS)
AnyClaim = ConversionClaim | EvaluationClaim
MakeSpec = Callable[..., ExperimentSpec]


@dataclass(frozen=True)
class JobOf:
    """One queued job, seen through any store that is open on the same folder."""

    kind: str
    name: JobName

    def jobs(self, store: Store) -> Any:
        return store.conversion_jobs if self.kind == "conversion" else store.evaluation_jobs

    def acquire(self, store: Store, worker: str = "worker") -> Any:
        claim = ConversionClaim if self.kind == "conversion" else EvaluationClaim
        return claim.acquire(self.jobs(store), *self.name, worker=worker)

    def reopen(self, store: Store, record: Any) -> Any:
        """The claim as another process holds it."""
        claim = ConversionClaim if self.kind == "conversion" else EvaluationClaim
        return claim(self.jobs(store), record)

    def read(self, store: Store) -> Any:
        return self.jobs(store).read(self.name)

    def published(self, store: Store) -> Path:
        if self.kind == "conversion":
            return store.datasets.folder(*self.name) / IMAGES
        return store.evaluations.folder(*self.name) / RESULT

    def depth(self, store: Store) -> int:
        return store.queue.depth(self.jobs(store).kind)


def show(claim: AnyClaim) -> None:
    if isinstance(claim, ConversionClaim):
        claim.show(FilesDone(done=3, total=7))
    else:
        claim.show(SamplesDone(done=3, total=7))


def stage(claim: AnyClaim) -> None:
    claim.attempt_folder.mkdir(parents=True, exist_ok=True)
    (claim.attempt_folder / EVALUATION_FILE).write_text(f'{{"attempt": {claim.token}}}')
    write_manifest(claim.attempt_folder)


def succeed(claim: AnyClaim) -> Any:
    return claim.succeed(CONTENTS) if isinstance(claim, ConversionClaim) else claim.succeed({"accuracy": 0.5})


def post(store: Store, kind: str, spec: ExperimentSpec) -> JobOf:
    if kind == "evaluation":
        experiment = publish(store, spec)
        store.evaluations.add(experiment.id, MNIST)
        return JobOf(kind, (experiment.id, "mnist"))
    name = f"own-{len(store.datasets.names())}"
    with store.datasets.receive_archive() as archive:
        archive.write(b"archive")
        store.datasets.add(name, archive)
    return JobOf(kind, (name,))


@pytest.fixture(params=["conversion", "evaluation"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def job(store: Store, kind: str, tiny_spec: MakeSpec) -> JobOf:
    return post(store, kind, tiny_spec())


def empty(valkey: Valkey) -> None:
    with valkey.client() as client:
        client.flushall()


# -- acquire ---------------------------------------------------------------------------------------------------------


def test_claim_of_many_threads_goes_to_one(store: Store, job: JobOf) -> None:
    start = threading.Barrier(12)

    def acquire(number: int) -> Any:
        start.wait()
        return job.acquire(store, f"worker{number}")

    with ThreadPoolExecutor(12) as threads:
        [winner] = [claim for claim in threads.map(acquire, range(12)) if claim is not None]
    assert job.read(store) == winner.record
    assert winner.token == 1
    assert store.experiments.leases.is_held(winner.record.id)


def test_claim_needs_redis(own_store: Store, own_valkey: Valkey, kind: str, tiny_spec: MakeSpec) -> None:
    job = post(own_store, kind, tiny_spec())
    before = job.read(own_store)
    own_valkey.kill()
    with pytest.raises(Unavailable):
        job.acquire(own_store)
    assert job.read(own_store) == before


def test_claim_without_room_releases_the_lease(store: Store, job: JobOf, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> object:
        raise StorageFull("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(job.jobs(store), "write", full)
        with pytest.raises(StorageFull):
            job.acquire(store)
    assert not store.experiments.leases.is_held(job.read(store).id)
    assert job.acquire(store) is not None


def test_claim_of_newer_schema_is_left_alone(store: Store, job: JobOf) -> None:
    job.jobs(store).write(job.read(store).replace(schema_version=SCHEMA_VERSION + 1))
    assert job.acquire(store) is None
    with pytest.raises(Newer):
        job.read(store)


def test_claim_killed_at_any_step_blocks_no_worker(
    store: Store, kind: str, tiny_spec: MakeSpec, reopened: Callable[[], Store]
) -> None:
    current = [post(store, kind, tiny_spec())]

    def acquire() -> None:
        assert current[0].acquire(reopened(), "killed") is not None

    tokens = []
    for _ in killed_at_each_step(acquire):
        job = current[0]
        record = job.read(store)
        if record.is_running:
            abandon(store, job.reopen(store, record))
        claim = eventually(partial(job.acquire, store))
        tokens.append(claim.token)
        stage(claim)
        succeed(claim)
        current[0] = post(store, kind, tiny_spec())
    assert set(tokens) == {1, 2}


# -- fencing ---------------------------------------------------------------------------------------------------------

WRITES: dict[str, Callable[[AnyClaim], object]] = {
    "check": lambda claim: claim.check(),
    "renew": lambda claim: claim.renew(),
    "show": show,
    "succeed": succeed,
    "fail": lambda claim: claim.fail(KILLED),
    "retry": lambda claim: claim.retry(KILLED),
    "give_back": lambda claim: claim.give_back(),
}


@pytest.mark.parametrize("write", WRITES)
def test_old_token_changes_nothing(store: Store, job: JobOf, write: str) -> None:
    paused = job.acquire(store, "paused")
    abandon(store, paused)
    second = job.acquire(store, "second")
    stage(paused)
    stage(second)
    before = job.read(store)

    with pytest.raises(ClaimLost):
        WRITES[write](paused)

    assert job.read(store) == before
    assert not job.published(store).exists()
    assert store.experiments.leases.is_held(before.id)
    succeed(second)
    assert (job.published(store) / EVALUATION_FILE).read_text() == '{"attempt": 2}'


@pytest.mark.parametrize("write", [name for name in WRITES if name != "renew"])
def test_old_token_changes_nothing_without_leases(store: Store, job: JobOf, valkey: Valkey, write: str) -> None:
    paused = job.acquire(store, "paused")
    abandon(store, paused)
    job.acquire(store, "second")
    stage(paused)
    before = job.read(store)
    empty(valkey)

    with pytest.raises(ClaimLost):
        WRITES[write](paused)

    assert job.read(store) == before


@pytest.mark.parametrize("write", [name for name in WRITES if name != "renew"])
def test_token_of_given_back_attempt_is_not_reused(store: Store, job: JobOf, write: str) -> None:
    paused = job.acquire(store, "paused")
    abandon(store, paused)
    job.acquire(store, "second").give_back()
    third = job.acquire(store, "third")
    assert third.token == 3
    stage(paused)

    with pytest.raises(ClaimLost):
        WRITES[write](paused)

    assert job.read(store) == third.record


@pytest.mark.parametrize("write", [name for name in WRITES if name != "renew"])
def test_ended_job_rejects_its_own_claim(store: Store, job: JobOf, write: str) -> None:
    claim = job.acquire(store)
    ended = claim.fail(KILLED)
    with pytest.raises(ClaimLost, match="is failed"):
        WRITES[write](claim)
    assert job.read(store) == ended


# -- ends ------------------------------------------------------------------------------------------------------------


def test_success_publishes_and_releases(store: Store, job: JobOf) -> None:
    claim = job.acquire(store)
    stage(claim)
    record = succeed(claim)

    assert job.read(store) == record
    assert (record.has_ended, record.error, record.worker, record.progress) == (True, None, None, None)
    verify_manifest(job.published(store))
    assert not claim.attempt_folder.exists()
    assert not store.experiments.leases.is_held(record.id)


def test_success_killed_at_any_step_ends_once(
    store: Store, kind: str, tiny_spec: MakeSpec, reopened: Callable[[], Store]
) -> None:
    claims: list[tuple[JobOf, Any]] = []

    def begin() -> None:
        job = post(store, kind, tiny_spec())
        claim = job.acquire(store, "killed")
        stage(claim)
        claims.append((job, claim))

    def end() -> None:
        job, claim = claims[-1]
        succeed(job.reopen(reopened(), claim.record))

    begin()
    seen = set()
    for _ in killed_at_each_step(end):
        job, killed = claims[-1]
        running = job.read(store).is_running
        seen.add((running, job.published(store).exists()))
        if running:
            abandon(store, killed)
            second = job.acquire(store, "second")
            stage(second)
            succeed(second)
        assert job.read(store).error is None
        verify_manifest(job.published(store))
        begin()
    assert seen == {(True, False), (True, True), (False, True)}


@pytest.mark.parametrize("write", ["retry", "give_back"])
def test_returned_job_is_enqueued_and_free(store: Store, job: JobOf, valkey: Valkey, write: str) -> None:
    claim = job.acquire(store)
    with valkey.client() as client:
        client.delete(job.jobs(store).kind.queue)
    WRITES[write](claim)
    assert store.queue.pending(job.jobs(store).kind) == {job.name}
    assert job.acquire(store, "second") is not None


def test_interruptions_do_not_count(store: Store, job: JobOf) -> None:
    for _ in range(5):
        job.acquire(store).give_back()
    record = job.read(store)
    assert (record.attempts, record.interruptions, record.is_queued) == (5, 5, True)


def test_attempts_end_in_failure_after_the_last(store: Store, job: JobOf) -> None:
    for _ in (1, 2, 3):
        record = job.acquire(store).retry(KILLED)
    assert (record.has_ended, record.is_queued) == (True, False)
    assert record.error == "killed: signal 9 (attempt 3 of 3; no further attempt is made)"
    assert job.acquire(store) is None


# -- Redis emptied, or away ------------------------------------------------------------------------------------------


def test_emptied_redis_keeps_the_holder(store: Store, job: JobOf, valkey: Valkey) -> None:
    claim = job.acquire(store)
    empty(valkey)
    assert store.reconciler.sweep()
    assert store.experiments.leases.is_held(claim.record.id)
    assert store.reconciler.sweep()
    claim.renew()
    show(claim)
    stage(claim)
    assert succeed(claim).attempts == 1


def test_emptied_redis_gives_dead_worker_a_successor(store: Store, job: JobOf, valkey: Valkey) -> None:
    claim = job.acquire(store, "dead")
    empty(valkey)
    assert abandon(store, claim).is_queued
    assert job.depth(store) == 1
    assert job.acquire(store, "second").token == 2


def test_emptied_redis_enqueues_queued_jobs(store: Store, job: JobOf, valkey: Valkey) -> None:
    empty(valkey)
    assert store.reconciler.sweep()
    assert store.queue.pending(job.jobs(store).kind) == {job.name}


def test_job_continues_without_redis(own_store: Store, own_valkey: Valkey, kind: str, tiny_spec: MakeSpec) -> None:
    job = post(own_store, kind, tiny_spec())
    claim = job.acquire(own_store)
    own_valkey.kill()
    claim.renew()
    claim.check()
    show(claim)
    stage(claim)
    assert succeed(claim) == job.read(own_store)
    verify_manifest(job.published(own_store))


def test_killed_holder_is_succeeded_after_its_lease(store: Store, job: JobOf, reopened: Callable[[], Store]) -> None:
    assert in_child(lambda: job.acquire(reopened(), "killed")) == 0
    assert job.read(store).worker == "killed"
    assert job.acquire(store) is None

    def acquire() -> Any:
        store.reconciler.sweep()
        return job.acquire(store, "second")

    assert eventually(acquire).token == 2
