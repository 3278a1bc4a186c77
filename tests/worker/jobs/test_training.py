"""How an attempt at a training ends, for each thing a trainer may report or not. Whole runs are in tests/faults."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Failure, Point, Progress, Record, Status
from models_store.files import remove_directory
from models_store.store import Store
from settings import Settings
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec, parse_spec
from tests.support.published import point, publish, stage
from tests.worker.jobs.scripted import ScriptedProcess
from worker.jobs.messages import (
    Advanced,
    Begun,
    EpochEnded,
    Failed,
    Finished,
    StartingWeights,
    TrainingJob,
    TrainingResult,
)
from worker.jobs.training import TrainingAttempt, starting_weights

Spec = Callable[..., ExperimentSpec]
TRAINING = Advanced(progress=Progress(phase="training"))
EVALUATING = Advanced(progress=Progress(phase="evaluating"))
BEGUN = Begun(points=[], elapsed_seconds=0.0)


class ScriptedSpare:
    def __init__(self, trainer: ScriptedProcess) -> None:
        self._trainer = trainer
        self.preparations = 0

    def acquire(self) -> ScriptedProcess:
        return self._trainer

    def prepare(self) -> None:
        self.preparations += 1


@pytest.fixture
def claim(store: Store, tiny_spec: Spec) -> TrainingClaim:
    return claim_of(store, store.experiments.create(tiny_spec(max_minutes=0.01)))


def claim_of(store: Store, record: Record) -> TrainingClaim:
    acquired = TrainingClaim.acquire(store.training_jobs, record.id, worker="test:1")
    assert acquired is not None
    return acquired


def run(
    store: Store, claim: TrainingClaim, trainer: ScriptedProcess, is_shutting_down: bool = False, **limits: float
) -> Record:
    settings = Settings(lease_seconds=2, stop_grace_seconds=1.0, stall_seconds=3.0).model_copy(update=limits)
    spare: Any = ScriptedSpare(trainer)
    TrainingAttempt(claim, settings, lambda: is_shutting_down, store, spare).run()
    assert trainer.is_killed
    return store.experiments.read(claim.id)


def finished(claim: TrainingClaim) -> Finished[TrainingResult]:
    staged: Path = stage(claim.attempt_folder / "staged")
    result = TrainingResult(
        staged=staged, stop_reason="completed", published=point(0), metrics={"val_accuracy": 0.5}, test_metrics={}
    )
    return Finished(result=result)


def test_finished_trainer_ends_in_success(store: Store, claim: TrainingClaim) -> None:
    epoch = EpochEnded(point=Point(epoch=0, seconds=0.1, metrics={"val_accuracy": 0.5}))
    record = run(store, claim, ScriptedProcess([BEGUN, TRAINING, TRAINING], [epoch, EVALUATING, finished(claim)]))

    assert (record.status, record.epochs_completed, record.stop_reason) == (Status.SUCCEEDED, 1, "completed")


def test_spare_is_prepared_after_the_first_step(store: Store, claim: TrainingClaim) -> None:
    spare = ScriptedSpare(ScriptedProcess([BEGUN], [TRAINING], [finished(claim)]))
    attempt = TrainingAttempt(claim, Settings(), lambda: False, store, spare)  # type: ignore[arg-type]
    attempt.hear(BEGUN)
    assert spare.preparations == 0
    attempt.hear(TRAINING)
    assert spare.preparations == 1


def test_reported_failure_is_final(store: Store, claim: TrainingClaim) -> None:
    failure = Failure(type="diverged", message="diverged: the loss became nan")
    record = run(store, claim, ScriptedProcess([BEGUN, Failed(failure=failure)]))

    assert (record.status, record.error) == (Status.FAILED, failure)


@pytest.mark.parametrize(("status", "fragment"), [(-9, "signal 9"), (-11, "SIGSEGV"), (1, "exit status 1")])
def test_dead_trainer_is_retried(store: Store, claim: TrainingClaim, status: int, fragment: str) -> None:
    record = run(store, claim, ScriptedProcess([BEGUN], status=status))

    assert record.status is Status.QUEUED
    assert record.error is not None
    assert fragment in record.error.message


def test_trainer_dead_after_its_budget_is_retried(store: Store, claim: TrainingClaim) -> None:
    """Its budget of 0.6 s ends while it evaluates, which the budget does not cover."""
    batches: list[list[Any]] = [[BEGUN], [EVALUATING], *slow_batches(1.0)]
    record = run(store, claim, ScriptedProcess(*batches, status=-9))

    assert record.status is Status.QUEUED


def slow_batches(seconds: float) -> Iterator[list[Any]]:
    """Nothing, until `seconds` have passed."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yield []


def test_budget_asks_once_then_kills(store: Store, claim: TrainingClaim) -> None:
    trainer = ScriptedProcess([BEGUN])
    record = run(store, claim, trainer)

    assert trainer.requests == ["time_budget"]
    assert (record.status, record.error and record.error.type) == (Status.FAILED, "time_budget")


def test_cancel_outweighs_the_budget(store: Store, claim: TrainingClaim) -> None:
    store.experiments.cancel(claim.id)
    trainer = ScriptedProcess([BEGUN], obeys=True)
    record = run(store, claim, trainer)

    assert trainer.requests == ["cancelled"]
    assert record.status is Status.CANCELLED


def test_cancel_and_shutdown_end_a_disobedient_trainer(store: Store, claim: TrainingClaim) -> None:
    store.experiments.cancel(claim.id)
    trainer = ScriptedProcess([BEGUN])
    began = time.monotonic()
    record = run(store, claim, trainer, is_shutting_down=True)

    assert record.status is Status.CANCELLED
    assert trainer.requests[-1] == "cancelled"
    assert len(trainer.requests) <= 2
    assert time.monotonic() - began < 5


def test_shutdown_gives_back_at_no_cost(store: Store, claim: TrainingClaim) -> None:
    record = run(store, claim, ScriptedProcess([BEGUN], obeys=True), is_shutting_down=True)

    assert (record.status, record.attempts, record.interruptions) == (Status.QUEUED, 1, 1)


def test_silent_trainer_has_stalled(store: Store, tiny_spec: Spec) -> None:
    claim = claim_of(store, store.experiments.create(tiny_spec(max_minutes=60)))
    record = run(store, claim, ScriptedProcess([BEGUN]), stall_seconds=0.5)

    assert (record.status, record.error and record.error.type) == (Status.FAILED, "stalled")


# -- weights to start with -------------------------------------------------------------------------------------------


def follower(store: Store, tiny_document: dict[str, Any]) -> tuple[Record, Record]:
    """An experiment that has succeeded, and one that starts with its weights."""
    source = publish(store, parse_spec(tiny_document))
    spec = parse_spec({**tiny_document, "model": {**tiny_document["model"], "weights_from": source.id}})
    with store.transfers.keep(spec, DATASETS) as layers:
        return source, store.experiments.create(spec, transferred_layers=layers)


def weights_in_job(store: Store, record: Record) -> StartingWeights | str | None:
    """What the trainer of an attempt receives."""
    trainer = ScriptedProcess([Failed(failure=Failure(type="internal", message="enough"))])
    run(store, claim_of(store, record), trainer)
    [job] = trainer.jobs
    return TrainingJob.model_validate_json(job.model_dump_json()).weights


def test_starting_weights_reach_the_trainer(store: Store, tiny_document: dict[str, Any]) -> None:
    source, record = follower(store, tiny_document)
    weights = starting_weights(record, store.transfers)

    assert isinstance(weights, StartingWeights)
    assert (weights.source, weights.layers) == (source.id, {"dense": "dense"})
    assert weights.file.read() == (store.experiments.artifacts(source.id) / "model.keras").read_bytes()
    assert starting_weights(source, store.transfers) is None
    assert weights_in_job(store, record) == weights


def test_reason_without_weights_reaches_the_trainer(store: Store, tiny_document: dict[str, Any]) -> None:
    source, record = follower(store, tiny_document)
    remove_directory(store.experiments.folder(source.id))
    weights = starting_weights(record, store.transfers)

    assert isinstance(weights, str)
    assert weights.startswith(f"the weights of experiment {source.id} are unavailable: ")
    assert weights_in_job(store, record) == weights
