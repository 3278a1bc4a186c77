"""What attempts at conversions and evaluations have in common, without a real child process."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from models_store.datasets.claim import ConversionClaim
from models_store.datasets.record import Contents, DatasetRecord, DatasetStatus, FilesDone
from models_store.errors import Busy, ClaimLost, StorageFull, Unavailable
from models_store.evaluations.claim import EvaluationClaim
from models_store.evaluations.record import EvaluationStatus, SamplesDone
from models_store.jobs.failure import Failure
from models_store.jobs.workers import Device, Worker
from models_store.store import Store
from settings import Settings
from specs.dataset import DATASETS
from specs.evaluation import parse_evaluation
from specs.experiment import ExperimentSpec
from specs.sweep import parse_sweep
from tests.support.published import publish
from tests.support.store import LEASE_SECONDS
from tests.worker.jobs.scripted import ScriptedProcess
from worker.jobs.conversion import ConversionAttempt
from worker.jobs.evaluation import EvaluationAttempt
from worker.jobs.messages import Advanced, Failed, Finished
from worker.jobs.supervisor import Supervisor

CONTENTS = Contents(
    classes=("a", "b"), counts={"train": (3, 4), "test": (0, 0)}, image_shape=(8, 8, 3), sizes=(), sizes_found=1
)


@pytest.fixture
def settings() -> Settings:
    return Settings(lease_seconds=LEASE_SECONDS, stall_seconds=300)


@pytest.fixture
def claim(store: Store) -> ConversionClaim:
    with store.datasets.receive_archive() as archive:
        archive.write(b"archive")
        store.datasets.add("own", archive)
    acquired = ConversionClaim.acquire(store.conversion_jobs, "own", worker="test:1")
    assert acquired is not None
    return acquired


def run(
    claim: ConversionClaim,
    process: ScriptedProcess,
    settings: Settings,
    is_shutting_down: Callable[[], bool] = lambda: False,
    silence_seconds: float = 300,
) -> Any:
    class Scripted(ConversionAttempt):
        stall_seconds = silence_seconds

        def start(self) -> Any:
            return process

    try:
        return Scripted(claim, settings, is_shutting_down).run()
    finally:
        assert process.is_killed


def test_finished_child_publishes(store: Store, claim: ConversionClaim, settings: Settings) -> None:
    progress = Advanced(progress=FilesDone(done=3, total=7))
    process = ScriptedProcess([progress, progress], [Finished(result=CONTENTS)])
    record = run(claim, process, settings)

    assert store.datasets.get("own") == record
    assert (record.status, record.contents) == (DatasetStatus.READY, CONTENTS)


def test_latest_progress_is_shown(store: Store, claim: ConversionClaim, settings: Settings) -> None:
    seen: list[DatasetRecord] = []
    steps = [Advanced(progress=FilesDone(done=done, total=7)) for done in (1, 2, 3)]

    def look() -> bool:
        seen.append(store.datasets.get("own"))
        return False

    run(claim, ScriptedProcess(steps, [], [Finished(result=CONTENTS)]), settings, look)

    assert [each.progress for each in seen if each.progress] == [FilesDone(done=3, total=7)] * len(seen)


def test_failed_child_is_final(store: Store, claim: ConversionClaim, settings: Settings) -> None:
    failure = Failure(type="dataset_unavailable", message="'../a.png' has '..' in its path")
    record = run(claim, ScriptedProcess([Failed(failure=failure)]), settings)

    assert (record.status, record.error) == (DatasetStatus.FAILED, failure.message)
    assert store.queue.depth(store.conversion_jobs.kind) == 1  # the first message alone


@pytest.mark.parametrize(
    ("status", "fragment"),
    [(-9, "(SIGKILL), as processes do when the machine runs out of memory"), (1, "exit status 1 and no result")],
)
def test_dead_child_is_retried(claim: ConversionClaim, settings: Settings, status: int, fragment: str) -> None:
    record = run(claim, ScriptedProcess(status=status), settings)

    assert (record.status, record.attempts, record.interruptions) == (DatasetStatus.QUEUED, 1, 0)
    assert fragment in record.error


def test_silent_child_has_stalled(claim: ConversionClaim, settings: Settings) -> None:
    record = run(claim, ScriptedProcess(), settings, silence_seconds=0.5)

    assert record.status is DatasetStatus.FAILED
    assert "to read" in record.error


def test_shutdown_gives_back_at_once(claim: ConversionClaim, settings: Settings) -> None:
    record = run(claim, ScriptedProcess(), settings, lambda: True)

    assert (record.status, record.attempts, record.interruptions) == (DatasetStatus.QUEUED, 1, 1)


def test_cold_shutdown_gives_back_and_continues(store: Store, claim: ConversionClaim, settings: Settings) -> None:
    def shut_down() -> bool:
        raise SystemExit

    with pytest.raises(SystemExit):
        run(claim, ScriptedProcess(), settings, shut_down)
    assert store.datasets.get("own").interruptions == 1


def test_deleted_job_ends_its_child(store: Store, claim: ConversionClaim, settings: Settings) -> None:
    store.datasets.delete("own", lambda _: [])
    with pytest.raises(ClaimLost):
        run(claim, ScriptedProcess(), settings)


def test_full_disk_fails_the_job(
    store: Store, claim: ConversionClaim, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: FilesDone) -> None:
        raise StorageFull("disk full: no room to write dataset.json")

    monkeypatch.setattr(claim, "show", full)
    record = run(claim, ScriptedProcess([Advanced(progress=FilesDone())]), settings)

    assert (record.status, record.error) == (DatasetStatus.FAILED, "disk full: no room to write dataset.json")


def test_failure_of_the_disk_is_tried_again(claim: ConversionClaim, settings: Settings) -> None:
    record = run(claim, ScriptedProcess([Failed(failure=Failure(type="disk_error", message="disk error"))]), settings)

    assert (record.status, record.attempts, record.error) == (DatasetStatus.QUEUED, 1, "disk error")


def test_lease_is_renewed_while_the_child_works(store: Store, claim: ConversionClaim, settings: Settings) -> None:
    """The reconciler sweeps at each tick for more than a lease, and never takes the job back."""
    ends = time.monotonic() + 1.5 * LEASE_SECONDS

    def sweep() -> bool:
        assert store.reconciler.sweep()
        assert store.datasets.get("own").attempts == 1
        return False

    def work() -> Iterator[list[Any]]:
        while time.monotonic() < ends:
            yield [Advanced(progress=FilesDone())]
        yield [Finished(result=CONTENTS)]

    process = ScriptedProcess()
    process.script = work()
    record = run(claim, process, settings, sweep)
    assert (record.status, record.attempts) == (DatasetStatus.READY, 1)


# -- evaluations -----------------------------------------------------------------------------------------------------


@pytest.fixture
def evaluation(store: Store, tiny_spec: Callable[..., ExperimentSpec]) -> EvaluationClaim:
    experiment = publish(store, tiny_spec())
    store.evaluations.add(experiment.id, parse_evaluation({"dataset": "mnist"}, DATASETS))
    acquired = EvaluationClaim.acquire(store.evaluation_jobs, experiment.id, "mnist", worker="test:1")
    assert acquired is not None
    return acquired


def evaluate(store: Store, claim: EvaluationClaim, process: ScriptedProcess, settings: Settings) -> Any:
    class Scripted(EvaluationAttempt):
        def start(self) -> Any:
            return process

    return Scripted(claim, settings, lambda: False, store).run()


def test_finished_evaluation_has_metrics(store: Store, evaluation: EvaluationClaim, settings: Settings) -> None:
    progress = Advanced(progress=SamplesDone(done=3, total=7))
    process = ScriptedProcess([progress], [Finished(result={"accuracy": 0.5})])
    record = evaluate(store, evaluation, process, settings)

    assert (record.status, record.metrics) == (EvaluationStatus.SUCCEEDED, {"accuracy": 0.5})
    [job] = process.jobs
    assert job.staged.name == ".result.1.tmp"  # type: ignore[attr-defined]


def test_silent_evaluation_names_the_setting(store: Store, evaluation: EvaluationClaim) -> None:
    record = evaluate(store, evaluation, ScriptedProcess(), Settings(lease_seconds=LEASE_SECONDS, stall_seconds=0.5))

    assert record.status is EvaluationStatus.FAILED
    assert "TRAINYARD_STALL_SECONDS" in record.error


# -- the supervisor --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [Busy("locked"), StorageFull("disk full"), Unavailable("Redis is away")])
def test_supervisor_leaves_unclaimed_job_queued(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with store.datasets.receive_archive() as archive:
        store.datasets.add("own", archive)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(ConversionClaim, "acquire", fail)
    Supervisor(store, settings, "test:1", lambda: False).convert("own")
    assert store.datasets.get("own").is_queued


def test_supervisor_does_nothing_while_shutting_down(store: Store, settings: Settings) -> None:
    with store.datasets.receive_archive() as archive:
        store.datasets.add("own", archive)
    Supervisor(store, settings, "test:1", lambda: True).convert("own")
    assert store.datasets.get("own").attempts == 0


def test_draining_supervisor_starts_nothing(
    store: Store, settings: Settings, tiny_spec: Callable[..., ExperimentSpec], tiny_document: dict[str, Any]
) -> None:
    """Even if its main process has not noticed yet, and still receives messages."""
    with store.datasets.receive_archive() as archive:
        store.datasets.add("own", archive)
    experiment = store.experiments.create(tiny_spec())
    training = {**tiny_document["training"], "batch_size": {"$search": {"choice": [16, 32]}}}
    sweep = store.sweeps.create(parse_sweep({"name": "sizes", "experiment": {**tiny_document, "training": training}}))
    store.workers.drains.add("test:1", "finish", lambda _: True)
    supervisor = Supervisor(store, settings.model_copy(update={"spare_trainer": False}), "test:1", lambda: False)
    supervisor.convert("own")
    supervisor.train(experiment.id)
    supervisor.advance_sweep(sweep.id)
    supervisor.close()
    assert store.datasets.get("own").attempts == store.experiments.get(experiment.id).attempts == 0
    assert store.sweeps.read(sweep.id).trials == ()


def test_supervisor_reads_no_files_of_what_it_leaves(
    store: Store, settings: Settings, tiny_spec: Callable[..., ExperimentSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others wait while it picks."""
    assert store.reconciler.sweep()
    device = Device(kind="cpu", name="AMD EPYC 7B13")
    store.workers.beat(Worker(name="test:1", hostname="test", pid=1, device=device))
    waiting = [store.experiments.create(tiny_spec(device=each)) for each in ("gpu", "gpu24", "gpu80")]
    supervisor = Supervisor(store, settings.model_copy(update={"spare_trainer": False}), "test:1", lambda: False)
    read: list[str] = []
    monkeypatch.setattr(type(store.experiments), "read", lambda _, each: read.append(each))
    supervisor.train(waiting[0].id)
    supervisor.close()
    assert read == []
    assert store.experiments.waiting.ids() == [each.id for each in waiting]


def test_supervisor_ignores_message_without_job(store: Store, settings: Settings) -> None:
    supervisor = Supervisor(store, settings, "test:1", lambda: False)
    supervisor.convert("unknown")
    supervisor.evaluate("01J00000000000000000000000", "mnist")
