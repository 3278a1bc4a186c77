"""What becomes of an attempt, for each thing a trainer may say or leave unsaid. Whole runs are in tests/faults."""

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
from tests.support.published import publish, stage
from worker.jobs.training import Attempt, starting_weights
from worker.training.events import (
    Advanced,
    Begun,
    EpochEnded,
    Event,
    Failed,
    Finished,
    Job,
    StartingWeights,
    Stopped,
    StopReason,
)

Spec = Callable[..., ExperimentSpec]
TRAINING = Advanced(progress=Progress(phase="training"))
EVALUATING = Advanced(progress=Progress(phase="evaluating"))
BEGUN = Begun(points=[], elapsed_seconds=0.0)


class ScriptedTrainer:
    """Says what it was given, one batch a call; then ends with `status`, or stays silent if that is None."""

    def __init__(self, *script: list[Event], status: int | None = None, obeys: bool = False) -> None:
        self._script: Iterator[list[Event]] = iter(script)
        self._status = status
        self._obeys = obeys
        self.asked: list[StopReason] = []
        self.has_ended = False
        self.job: Job | None = None

    def begin(self, job: Job) -> None:
        self.job = job

    def stop(self, reason: StopReason) -> None:
        self.asked.append(reason)

    def events(self, _: float) -> list[Event]:
        batch = next(self._script, None)
        if batch is not None:
            return batch
        if self.asked and self._obeys:
            return [Stopped(reason=self.asked[-1])]
        self.has_ended = self._status is not None
        return []

    def wait(self, _: float) -> int:
        assert self._status is not None
        return self._status

    def kill(self) -> None:
        self.has_ended = True


@pytest.fixture
def claim(store: Store, tiny_spec: Spec) -> TrainingClaim:
    record = store.experiments.create(tiny_spec(max_minutes=0.01))
    taken = TrainingClaim.acquire(store.training_jobs, record.id, worker="test:1")
    assert taken is not None
    return taken


def attempt(claim: TrainingClaim, trainer: ScriptedTrainer, shutting_down: bool = False, **settings: float) -> Record:
    chosen = Settings(lease_seconds=2, **{"stop_grace_seconds": 1.0, "stall_seconds": 3.0, **settings})
    return Attempt(claim, trainer, chosen, lambda: shutting_down, lambda: None).run()  # type: ignore[arg-type]


def finished(claim: TrainingClaim) -> Finished:
    staged: Path = stage(claim.attempt_folder / "staged")
    return Finished(staged=staged, stop_reason="completed", metrics={"val_accuracy": 0.5}, test_metrics={})


def test_finished_trainer_ends_in_success(claim: TrainingClaim) -> None:
    epoch = EpochEnded(point=Point(epoch=0, seconds=0.1, metrics={"val_accuracy": 0.5}))
    record = attempt(claim, ScriptedTrainer([BEGUN, TRAINING, TRAINING], [epoch, EVALUATING, finished(claim)]))

    assert (record.status, record.epochs_completed, record.stop_reason) == (Status.SUCCEEDED, 1, "completed")


def test_failure_that_the_trainer_tells_is_final(claim: TrainingClaim) -> None:
    failure = Failure(type="diverged", message="diverged: the loss became nan")
    record = attempt(claim, ScriptedTrainer([BEGUN, Failed(failure=failure)]))

    assert (record.status, record.error) == (Status.FAILED, failure)


@pytest.mark.parametrize(("status", "fragment"), [(-9, "signal 9"), (-11, "SIGSEGV"), (1, "exit status 1")])
def test_trainer_that_dies_is_tried_again(claim: TrainingClaim, status: int, fragment: str) -> None:
    record = attempt(claim, ScriptedTrainer([BEGUN], status=status))

    assert record.status is Status.QUEUED
    assert record.error is not None
    assert fragment in record.error.message


def test_trainer_that_dies_after_training_ended_in_time_is_tried_again(claim: TrainingClaim) -> None:
    """Its budget of 0.6 s runs out while it evaluates, which is none of the budget's business."""
    batches = [[BEGUN], [EVALUATING], *slow_batches(1.0)]
    record = attempt(claim, ScriptedTrainer(*batches, status=-9))

    assert record.status is Status.QUEUED


def slow_batches(seconds: float) -> Iterator[list[Event]]:
    """Nothing, until `seconds` have gone by."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yield []


def test_budget_asks_once_and_ends_what_does_not_obey(claim: TrainingClaim) -> None:
    trainer = ScriptedTrainer([BEGUN])
    record = attempt(claim, trainer)

    assert trainer.asked == ["time_budget"]
    assert (record.status, record.error and record.error.type) == (Status.FAILED, "time_budget")


def test_cancel_outweighs_the_budget_and_keeps_its_deadline(store: Store, claim: TrainingClaim) -> None:
    store.experiments.cancel(claim.id)
    trainer = ScriptedTrainer([BEGUN], obeys=True)
    record = attempt(claim, trainer)

    assert trainer.asked == ["cancelled"]
    assert record.status is Status.CANCELLED


def test_cancel_and_shutdown_together_end_a_trainer_that_obeys_neither(store: Store, claim: TrainingClaim) -> None:
    store.experiments.cancel(claim.id)
    trainer = ScriptedTrainer([BEGUN])
    began = time.monotonic()
    record = attempt(claim, trainer, shutting_down=True)

    assert record.status is Status.CANCELLED
    assert trainer.asked[-1] == "cancelled"
    assert len(trainer.asked) <= 2
    assert time.monotonic() - began < 5


def test_shutdown_gives_back_at_no_cost(claim: TrainingClaim) -> None:
    record = attempt(claim, ScriptedTrainer([BEGUN], obeys=True), shutting_down=True)

    assert (record.status, record.attempts, record.interruptions) == (Status.QUEUED, 1, 1)


def test_silence_is_a_stall(store: Store, tiny_spec: Spec) -> None:
    created = store.experiments.create(tiny_spec(max_minutes=60))
    taken = TrainingClaim.acquire(store.training_jobs, created.id, worker="test:1")
    assert taken is not None
    record = attempt(taken, ScriptedTrainer([BEGUN]), stall_seconds=0.5)

    assert (record.status, record.error and record.error.type) == (Status.FAILED, "stalled")


def follower(store: Store, tiny_document: dict[str, Any]) -> tuple[Record, Record]:
    """An experiment that has succeeded, and one that begins with its weights."""
    source = publish(store, parse_spec(tiny_document))
    spec = parse_spec({**tiny_document, "model": {**tiny_document["model"], "weights_from": source.id}})
    with store.transfers.kept(spec, DATASETS) as taken:
        return source, store.experiments.create(spec, transferred_layers=taken)


def test_weights_to_begin_with_reach_the_trainer(store: Store, tiny_document: dict[str, Any]) -> None:
    source, record = follower(store, tiny_document)
    weights = starting_weights(record, store.transfers)

    assert isinstance(weights, StartingWeights)
    assert (weights.source, weights.layers) == (source.id, {"dense": "dense"})
    assert weights.file.read() == (store.experiments.artifacts(source.id) / "model.keras").read_bytes()
    assert starting_weights(source, store.transfers) is None
    assert told(store, record, weights) == weights


def told(store: Store, record: Record, weights: StartingWeights | str | None) -> StartingWeights | str | None:
    """What stands in the job of an attempt."""
    taken = TrainingClaim.acquire(store.training_jobs, record.id, worker="test:1")
    assert taken is not None
    trainer = ScriptedTrainer([Failed(failure=Failure(type="internal", message="enough"))])
    Attempt(taken, trainer, Settings(), lambda: False, lambda: None, weights=weights).run()  # type: ignore[arg-type]
    assert trainer.job is not None
    return Job.model_validate_json(trainer.job.model_dump_json()).weights


def test_why_there_are_no_weights_to_begin_with_reaches_the_trainer(
    store: Store, tiny_document: dict[str, Any]
) -> None:
    source, record = follower(store, tiny_document)
    remove_directory(store.experiments.folder(source.id))
    weights = starting_weights(record, store.transfers)

    assert weights == f"the weights of experiment {source.id} are not to be had: there is no experiment {source.id}"
    assert told(store, record, weights) == weights
