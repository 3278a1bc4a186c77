"""Trials whose training is replaced by a formula; everything else is real."""

from collections.abc import Callable
from typing import Any

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.points import MetricValues, Point
from models_store.experiments.record import Record, Status
from models_store.jobs.failure import Failure
from models_store.store import Store
from models_store.sweeps.record import SweepRecord
from settings import Settings
from specs.sweep import SweepSpec, parse_sweep
from tests.models_store.results import stage
from worker.jobs.supervisor import Supervisor

Objective = Callable[[dict[str, Any]], float]


def sweep_of(tiny_document: dict[str, Any], **members: Any) -> SweepSpec:
    """A sweep over batch size and learning rate of a tiny network."""
    training = {
        **tiny_document["training"],
        "batch_size": {"$search": {"int": [8, 128], "log": True}},
        "optimizer": {"type": "Adam", "learning_rate": {"$search": {"float": [1e-4, 0.1], "log": True}}},
    }
    document = {"name": "tiny sweep", "experiment": {**tiny_document, "training": training}, **members}
    return parse_sweep(document)


def grid_of(tiny_document: dict[str, Any], sizes: list[int], **members: Any) -> SweepSpec:
    training = {**tiny_document["training"], "batch_size": {"$search": {"choice": sizes}}}
    return parse_sweep({"name": "grid", "experiment": {**tiny_document, "training": training}, **members})


def bowl(spec: dict[str, Any]) -> float:
    """Best, 1.0, at batch size 32 and seed 0."""
    training = spec["training"]
    return 1.0 - float(abs(training["batch_size"] - 32)) / 256 - 0.001 * float(training["seed"])


def supervisor(store: Store, settings: Any) -> Supervisor:
    return Supervisor(store, settings, "test:1", lambda: False)


def advance_elsewhere(reopen: Callable[[], Store], sweep_id: str) -> None:
    """As a worker in a process of its own does."""
    supervisor(reopen(), Settings()).advance_sweep(sweep_id)


def train(store: Store, experiment_id: str, objective: Objective = bowl) -> Record:
    """Claim and end one experiment."""
    claim = TrainingClaim.acquire(store.training_jobs, experiment_id, worker="trainer")
    assert claim is not None, store.experiments.read(experiment_id).status
    value = objective(claim.record.spec.document)
    metrics: MetricValues = {"val_accuracy": value, "val_loss": 1 - value}
    claim.begin_history([Point(epoch=0, seconds=0.1, metrics=metrics)])
    staged = stage(claim.attempt_folder / "result")
    return claim.succeed(staged, "completed", Point(epoch=0, seconds=0.1, metrics=metrics), metrics, {})


def fail(store: Store, experiment_id: str, failure: Failure) -> Record:
    claim = TrainingClaim.acquire(store.training_jobs, experiment_id, worker="trainer")
    assert claim is not None
    return claim.fail(failure)


def queued(store: Store, sweep: SweepRecord) -> list[str]:
    """The experiments of its trials that wait, by number."""
    ids = [trial.experiment_id for trial in store.sweeps.read(sweep.id).open_trials if trial.experiment_id]
    return [each for each in ids if store.experiments.read(each).status is Status.QUEUED]


def run(store: Store, worker: Supervisor, sweep: SweepRecord, objective: Objective = bowl) -> SweepRecord:
    """Advance the sweep and train one trial at a time, to its end."""
    while True:
        worker.advance_sweep(sweep.id)
        record = store.sweeps.read(sweep.id)
        if record.has_ended:
            return record
        train(store, queued(store, sweep)[0], objective)
