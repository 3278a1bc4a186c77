"""Which trials are stopped early, and that emptying Redis changes nothing."""

from typing import Any

import pytest

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.points import Point
from models_store.experiments.record import Record
from models_store.store import Store
from models_store.sweeps.pruning import Pruner, rungs
from models_store.sweeps.record import SweepRecord
from settings import Settings
from specs.sweep import StopEarly, parse_sweep
from tests.support.valkey import Valkey
from tests.worker.sweeps.trainings import supervisor

Document = dict[str, Any]


def point(epoch: int, value: float | None, loss: float = 1.0) -> Point:
    return Point(epoch=epoch, seconds=0.1, metrics={"val_accuracy": value, "val_loss": loss})


@pytest.fixture
def sweep(store: Store, tiny_document: Document) -> SweepRecord:
    """With twelve trials that wait."""
    training = {**tiny_document["training"], "epochs": 9, "batch_size": {"$search": {"int": [8, 64]}}}
    document = {
        "method": "random",
        "trials": 12,
        "parallel": 12,
        "stop_early": {"first_epoch": 1, "factor": 3},
        "experiment": {**tiny_document, "training": training},
    }
    record = store.sweeps.create(parse_sweep(document))
    supervisor(store, Settings()).advance_sweep(record.id)
    return store.sweeps.read(record.id)


def experiment(store: Store, sweep: SweepRecord, number: int) -> Record:
    return store.experiments.read(sweep.trials[number].experiment_id or "")


def pruner(store: Store, sweep: SweepRecord, number: int) -> Pruner:
    found = store.trials.pruner(experiment(store, sweep, number))
    assert found is not None
    return found


def test_rungs_grow_by_the_factor() -> None:
    assert list(rungs(StopEarly(), 28)) == [1, 3, 9, 27]
    assert list(rungs(StopEarly(), 27)) == [1, 3, 9], "after the last epoch there is nothing to stop"
    assert list(rungs(StopEarly(first_epoch=4, factor=2), 20)) == [4, 8, 16]


def test_best_third_goes_on(store: Store, sweep: SweepRecord) -> None:
    verdicts = [
        pruner(store, sweep, number).observe(point(0, value))
        for number, value in enumerate([0.5, 0.6, 0.55, 0.7, 0.1, 0.65, 0.65, 0.64])
    ]
    #                       1st    best  not    best   no     of 6 the best 2  third of 7
    assert [each is None for each in verdicts] == [True, True, False, True, False, True, True, False]
    assert verdicts[4] == (
        "stopped after 1 epoch: its best val_accuracy is 0.1, and the best 1/3 of the 5 trials that got so far begin "
        "at 0.7"
    )


def test_trials_are_compared_at_rungs_alone(store: Store, sweep: SweepRecord) -> None:
    strong, weak = pruner(store, sweep, 0), pruner(store, sweep, 1)
    for epoch in range(9):
        strong.observe(point(epoch, 0.9))
    verdicts = [weak.observe(point(epoch, 0.9 if epoch == 0 else 0.1)) for epoch in range(9)]
    assert verdicts == [None] * 9, "its best epoch is as good"
    third = pruner(store, sweep, 2)
    verdicts = [third.observe(point(epoch, 0.9 + epoch / 100 if epoch < 2 else 0.1)) for epoch in range(9)]
    assert verdicts == [None] * 9


def test_value_that_is_not_finite_is_worst(store: Store, sweep: SweepRecord) -> None:
    assert pruner(store, sweep, 0).observe(point(0, 0.1)) is None
    verdict = pruner(store, sweep, 1).observe(point(0, None))
    assert verdict is not None
    assert "not a finite number" in verdict


def test_emptied_redis_changes_no_verdict(store: Store, sweep: SweepRecord, valkey: Valkey) -> None:
    for number, value in enumerate([0.5, 0.6, 0.7]):
        record = experiment(store, sweep, number)
        claim = TrainingClaim.acquire(store.training_jobs, record.id, worker="trainer")
        assert claim is not None
        claim.append(point(0, value))
        pruner(store, sweep, number).observe(point(0, value))
    with valkey.client() as client:
        client.flushall()
    assert pruner(store, sweep, 3).observe(point(0, 0.65)) is not None
    assert pruner(store, sweep, 4).observe(point(0, 0.75)) is None


def test_resumed_attempt_hears_the_verdict(store: Store, sweep: SweepRecord) -> None:
    pruner(store, sweep, 0).observe(point(0, 0.9))
    assert pruner(store, sweep, 1).resume([point(0, 0.1)]) is not None
    assert pruner(store, sweep, 1).resume([point(0, 0.1), point(1, 0.1)]) is None, "it was told to go on"
    assert pruner(store, sweep, 1).resume([]) is None


def test_unreachable_redis_stops_nothing(own_store: Store, own_valkey: Valkey, tiny_document: Document) -> None:
    training = {**tiny_document["training"], "epochs": 9, "batch_size": {"$search": {"int": [8, 64]}}}
    document = {"parallel": 1, "stop_early": {}, "experiment": {**tiny_document, "training": training}}
    record = own_store.sweeps.create(parse_sweep(document))
    supervisor(own_store, Settings()).advance_sweep(record.id)
    follower = pruner(own_store, own_store.sweeps.read(record.id), 0)
    own_valkey.kill()
    assert follower.observe(point(0, 0.1)) is None


def test_other_experiments_are_not_stopped_early(store: Store, sweep: SweepRecord) -> None:
    record = experiment(store, sweep, 0)
    assert store.trials.pruner(record.model_copy(update={"sweep": None})) is None
    assert store.trials.pruner(record.model_copy(update={"trial": 99})) is None


def test_loss_is_best_where_it_is_low(store: Store, tiny_document: Document) -> None:
    training = {**tiny_document["training"], "epochs": 9, "batch_size": {"$search": {"int": [8, 64]}}}
    document = {
        "metric": "val_loss",
        "parallel": 2,
        "stop_early": {},
        "experiment": {**tiny_document, "training": training},
    }
    record = store.sweeps.create(parse_sweep(document))
    supervisor(store, Settings()).advance_sweep(record.id)
    sweep = store.sweeps.read(record.id)
    assert pruner(store, sweep, 0).observe(point(0, 0.5, loss=0.3)) is None
    verdict = pruner(store, sweep, 1).observe(point(0, 0.5, loss=0.4))
    assert verdict is not None
    assert "val_loss is 0.4" in verdict
    assert "begin at 0.3" in verdict
