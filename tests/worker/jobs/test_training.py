"""How an attempt at a training ends, for each thing a trainer may report or not. Whole runs are in tests/faults."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.folders import RECORD_FILE
from models_store.experiments.points import Point
from models_store.experiments.record import Progress, Record, Status
from models_store.files import remove_directory, write_atomic
from models_store.jobs.failure import Failure
from models_store.store import Store
from settings import Settings
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec, parse_spec
from specs.sweep import parse_sweep
from tests.support.published import point, publish, stage
from tests.support.store import LEASE_SECONDS
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
from worker.jobs.supervisor import Supervisor
from worker.jobs.training import TrainingAttempt, describe_end, show_seconds, starting_weights

Spec = Callable[..., ExperimentSpec]
TRAINING = Advanced(progress=Progress(phase="training"))
EVALUATING = Advanced(progress=Progress(phase="evaluating"))
BEGUN = Begun(points=[], elapsed_seconds=0.0)


class ScriptedTrainers:
    """Hands out one after the other."""

    def __init__(self, *trainers: ScriptedProcess) -> None:
        self._waiting = list(trainers)
        self.preparations = 0
        self.wanted: list[bool] = []
        self.given_back: list[Any] = []

    def acquire(self, *, fresh: bool) -> ScriptedProcess:
        self.wanted.append(fresh)
        return self._waiting.pop(0)

    def give_back(self, trainer: Any) -> None:
        self.given_back.append(trainer)

    def prepare(self) -> None:
        self.preparations += 1


@pytest.fixture
def claim(store: Store, tiny_spec: Spec) -> TrainingClaim:
    """Its budget of an hour ends in no test."""
    return claim_of(store, store.experiments.create(tiny_spec(max_minutes=60)))


@pytest.fixture
def brief_claim(store: Store, tiny_spec: Spec) -> TrainingClaim:
    """Its budget is 0.6 s."""
    return claim_of(store, store.experiments.create(tiny_spec(max_minutes=0.01)))


def claim_of(store: Store, record: Record) -> TrainingClaim:
    acquired = TrainingClaim.acquire(store.training_jobs, record.id, worker="test:1")
    assert acquired is not None
    return acquired


def run(
    store: Store, claim: TrainingClaim, *trainers: ScriptedProcess, is_shutting_down: bool = False, **limits: float
) -> Record:
    """Every trainer is killed, except the one of an experiment that has succeeded."""
    settings = Settings(lease_seconds=LEASE_SECONDS, stop_grace_seconds=1.0, stall_seconds=300).model_copy(
        update=limits
    )
    scripted: Any = ScriptedTrainers(*trainers)
    TrainingAttempt(claim, settings, lambda: is_shutting_down, store, scripted).run()
    record = store.experiments.read(claim.id)
    has_completed = record.stop_reason in ("completed", "early_stopping", "pruned")
    kept = trainers[-1:] if has_completed and not record.spec.training.deterministic else ()
    assert scripted.given_back == list(kept)
    assert all(each.is_killed is (each not in kept) for each in trainers if each.jobs)
    return record


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
    trainers = ScriptedTrainers()
    attempt = TrainingAttempt(claim, Settings(), lambda: False, store, trainers)  # type: ignore[arg-type]
    attempt.hear(BEGUN)
    assert trainers.preparations == 0
    attempt.hear(TRAINING)
    assert trainers.preparations == 1


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


def test_trainer_dead_after_its_budget_is_retried(store: Store, brief_claim: TrainingClaim) -> None:
    """Its budget ends while it evaluates, which the budget does not cover."""
    batches: list[list[Any]] = [[BEGUN], [EVALUATING], *slow_batches(1.0)]
    record = run(store, brief_claim, ScriptedProcess(*batches, status=-9))

    assert record.status is Status.QUEUED


def slow_batches(seconds: float) -> Iterator[list[Any]]:
    """Nothing, until `seconds` have passed."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yield []


def test_budget_asks_once_then_kills(store: Store, brief_claim: TrainingClaim) -> None:
    trainer = ScriptedProcess([BEGUN])
    record = run(store, brief_claim, trainer)

    assert trainer.requests == ["time_budget"]
    assert (record.status, record.error and record.error.type) == (Status.FAILED, "time_budget")


def test_weak_trial_is_stopped_and_its_trainer_kept(store: Store, tiny_document: dict[str, Any]) -> None:
    training = {"epochs": 9, "batch_size": {"$search": {"choice": [16, 32]}}}
    document = {"stop_early": {}, "experiment": {**tiny_document, "training": training}}
    sweep = store.sweeps.create(parse_sweep(document))
    Supervisor(store, Settings(), "test:1", lambda: False).advance_sweep(sweep.id)
    first, second = (trial.experiment_id or "" for trial in store.sweeps.read(sweep.id).trials)

    def trained(experiment_id: str, value: float) -> Record:
        claim = claim_of(store, store.experiments.read(experiment_id))
        epoch = EpochEnded(point=Point(epoch=0, seconds=0.1, metrics={"val_accuracy": value}))
        script: list[list[Any]] = [[BEGUN, TRAINING, epoch]]
        if value > 0.5:
            script.append([EVALUATING, finished(claim)])
        return run(store, claim, ScriptedProcess(*script, obeys=True))

    assert trained(first, 0.9).status is Status.SUCCEEDED
    record = trained(second, 0.1)

    assert (record.status, record.stop_reason) == (Status.CANCELLED, "pruned")
    assert "its best val_accuracy is 0.1" in (record.stop_detail or "")


def test_stop_waits_for_the_result(store: Store, claim: TrainingClaim) -> None:
    store.experiments.stop(claim.id)
    done = finished(claim)
    done = done.model_copy(update={"result": done.result.model_copy(update={"stop_reason": "stopped"})})
    trainer = ScriptedProcess([BEGUN], *slow_batches(1.5), [EVALUATING], *slow_batches(1.0), [done])
    record = run(store, claim, trainer, stop_grace_seconds=0.2)

    assert trainer.requests == ["stopped"]
    assert (record.status, record.stop_reason) == (Status.SUCCEEDED, "stopped")


def test_trainer_killed_while_stopping_is_retried(store: Store, claim: TrainingClaim) -> None:
    store.experiments.stop(claim.id)
    record = run(store, claim, ScriptedProcess([BEGUN], *slow_batches(1.0), status=-9))

    assert (record.status, record.stop_requested) == (Status.QUEUED, True)


def test_cancel_outweighs_a_stop(store: Store, claim: TrainingClaim) -> None:
    store.experiments.stop(claim.id)
    store.experiments.cancel(claim.id)
    record = run(store, claim, ScriptedProcess([BEGUN], obeys=True))

    assert record.status is Status.CANCELLED


def test_cancel_outweighs_the_budget(store: Store, brief_claim: TrainingClaim) -> None:
    store.experiments.cancel(brief_claim.id)
    trainer = ScriptedProcess([BEGUN], obeys=True)
    record = run(store, brief_claim, trainer)

    assert trainer.requests == ["cancelled"]
    assert record.status is Status.CANCELLED


def test_cancel_and_shutdown_end_a_disobedient_trainer(store: Store, claim: TrainingClaim) -> None:
    store.experiments.cancel(claim.id)
    trainer = ScriptedProcess([BEGUN])
    record = run(store, claim, trainer, is_shutting_down=True)

    assert record.status is Status.CANCELLED
    assert trainer.requests[-1] == "cancelled"
    assert len(trainer.requests) <= 2


def test_shutdown_gives_back_at_no_cost(store: Store, claim: TrainingClaim) -> None:
    record = run(store, claim, ScriptedProcess([BEGUN], obeys=True), is_shutting_down=True)

    assert (record.status, record.attempts, record.interruptions) == (Status.QUEUED, 1, 1)


def mark(store: Store, claim: TrainingClaim) -> None:
    """To give way to an experiment of priority 3."""
    with store.experiments.lock(claim.id) as record:
        store.experiments.write(record.give_way(3))


def test_preempted_training_is_given_back(store: Store, claim: TrainingClaim) -> None:
    mark(store, claim)
    trainer = ScriptedProcess([BEGUN], obeys=True)
    record = run(store, claim, trainer, preemption_seconds=0.0)

    assert trainer.requests == ["shutdown"]
    assert (record.status, record.interruptions, record.preempted_by_priority) == (Status.QUEUED, 1, 3)
    assert describe_end(record) == "queued, gave way to an experiment of a higher priority"


def test_training_has_a_minimum_time(store: Store, claim: TrainingClaim) -> None:
    mark(store, claim)
    trainer = ScriptedProcess([BEGUN], *slow_batches(2.0), [EVALUATING, finished(claim)])
    record = run(store, claim, trainer, preemption_seconds=3600.0)

    assert trainer.requests == []
    assert (record.status, record.preempted_by_priority) == (Status.SUCCEEDED, None)


def test_training_about_to_end_does_not_give_way(store: Store, claim: TrainingClaim) -> None:
    mark(store, claim)
    trainer = ScriptedProcess([BEGUN, EVALUATING], *slow_batches(2.0), [finished(claim)])
    record = run(store, claim, trainer, preemption_seconds=0.0)

    assert (trainer.requests, record.status) == ([], Status.SUCCEEDED)


def test_stop_outweighs_preemption(store: Store, claim: TrainingClaim) -> None:
    mark(store, claim)
    store.experiments.stop(claim.id)
    trainer = ScriptedProcess([BEGUN], *slow_batches(1.0), [EVALUATING, finished(claim)])
    record = run(store, claim, trainer, preemption_seconds=0.0)

    assert (trainer.requests, record.status) == (["stopped"], Status.SUCCEEDED)


def test_silent_trainer_has_stalled(store: Store, claim: TrainingClaim) -> None:
    record = run(store, claim, ScriptedProcess([BEGUN]), stall_seconds=0.5)

    assert (record.status, record.error and record.error.type) == (Status.FAILED, "stalled")


# -- trainers that train several experiments -------------------------------------------------------------------------


@pytest.mark.parametrize("is_deterministic", [False, True])
def test_deterministic_training_has_its_own_trainer(store: Store, tiny_spec: Spec, is_deterministic: bool) -> None:
    claim = claim_of(store, store.experiments.create(tiny_spec(deterministic=is_deterministic)))
    trainers: Any = ScriptedTrainers(ScriptedProcess([BEGUN, finished(claim)]))
    TrainingAttempt(claim, Settings(), lambda: False, store, trainers).run()

    assert trainers.wanted == [is_deterministic]
    assert len(trainers.given_back) == (0 if is_deterministic else 1)


def test_trainer_out_of_time_is_not_used_again(store: Store, claim: TrainingClaim) -> None:
    done = finished(claim)
    done = done.model_copy(update={"result": done.result.model_copy(update={"stop_reason": "time_budget"})})
    record = run(store, claim, ScriptedProcess([BEGUN, EVALUATING, done]))

    assert (record.status, record.stop_reason) == (Status.SUCCEEDED, "time_budget")


def test_trainer_cancelled_at_its_end_is_not_reused(store: Store, claim: TrainingClaim) -> None:
    store.experiments.cancel(claim.id)
    trainers: Any = ScriptedTrainers(trainer := ScriptedProcess([BEGUN], [], [finished(claim)]))
    TrainingAttempt(claim, Settings(), lambda: False, store, trainers).run()

    assert trainer.requests == ["cancelled"]
    assert (trainers.given_back, trainer.is_killed) == ([], True)


def test_trainer_dead_before_its_job_is_replaced(store: Store, claim: TrainingClaim) -> None:
    """Both the one that trained before and the spare were killed while they waited: nobody notices."""
    dead = [ScriptedProcess(status=-9, is_deaf=True) for _ in range(2)]
    record = run(store, claim, *dead, ScriptedProcess([BEGUN, finished(claim)]))

    assert (record.status, record.attempts, record.error) == (Status.SUCCEEDED, 1, None)
    assert dead[0].jobs == dead[1].jobs


def test_fresh_trainer_dead_before_its_job_is_retried(store: Store, claim: TrainingClaim) -> None:
    record = run(store, claim, *[ScriptedProcess(status=1, is_deaf=True) for _ in range(3)])

    assert (record.status, record.attempts) == (Status.QUEUED, 1)
    assert record.error is not None
    assert "exit status 1" in record.error.message


def test_trainer_silent_before_its_job_is_replaced(store: Store, claim: TrainingClaim) -> None:
    silent = ScriptedProcess(is_deaf=True)
    record = run(store, claim, silent, ScriptedProcess([BEGUN, finished(claim)]), stall_seconds=0.3)

    assert (record.status, silent.is_killed) == (Status.SUCCEEDED, True)


def test_cancelled_before_its_job_arrives_ends(store: Store, claim: TrainingClaim) -> None:
    store.experiments.cancel(claim.id)
    record = run(store, claim, ScriptedProcess([], [], [], status=-9, is_deaf=True))

    assert record.status is Status.CANCELLED


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


@pytest.mark.parametrize(("eta", "seconds"), [(None, 0.25), (1.0, 0.25), (200.0, 1.0), (86_400.0, 5.0)])
def test_progress_is_shown_less_often_in_long_runs(eta: float | None, seconds: float) -> None:
    assert show_seconds(Progress(phase="training", eta_seconds=eta)) == seconds


def test_record_is_read_only_when_it_has_changed(store: Store, claim: TrainingClaim) -> None:
    assert not claim.may_have_changed()
    store.experiments.cancel(claim.id)
    assert claim.may_have_changed()
    claim.check()
    assert not claim.may_have_changed()
    store.experiments.index.remove(claim.id)
    assert claim.may_have_changed()


def test_cancel_that_only_disk_has_is_seen(store: Store, claim: TrainingClaim) -> None:
    """Who has cancelled could not reach Redis: the record is read with each renewal of the lease."""
    with store.experiments.lock(claim.id) as record:
        changed = record.replace(cancel_requested=True)
        write_atomic(claim.folder / RECORD_FILE, changed.model_dump_json().encode())
    record = run(store, claim, ScriptedProcess([BEGUN], *[[TRAINING]] * 1000), stop_grace_seconds=0.1)

    assert record.stop_reason == "cancelled"
