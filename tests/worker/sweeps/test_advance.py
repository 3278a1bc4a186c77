"""Sweeps from their first suggestion to their end, with a formula in place of the training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from models_store.errors import InvalidState, NotFound
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.points import Point
from models_store.experiments.record import Status
from models_store.jobs.failure import Failure, FailureType
from models_store.store import Store
from models_store.sweeps.record import SweepRecord, SweepStatus
from models_store.sweeps.store import RECORD_FILE
from models_store.sweeps.trial import TrialStatus
from settings import Settings
from specs.experiment import parse_spec
from specs.quota import QuotaSpec
from tests.support.newer import rewrite
from tests.worker.sweeps.trainings import bowl, fail, grid_of, queued, run, supervisor, sweep_of, train
from worker.jobs.supervisor import Supervisor

Document = dict[str, Any]


@pytest.fixture
def worker(store: Store) -> Supervisor:
    return supervisor(store, Settings())


@pytest.mark.parametrize("method", ["random", "qmc", "tpe"])
def test_sweep_ends_after_its_trials(store: Store, worker: Supervisor, tiny_document: Document, method: str) -> None:
    sweep = store.sweeps.create(sweep_of(tiny_document, method=method, trials=14, parallel=3, seed=1))

    ended = run(store, worker, sweep)

    assert ended.status is SweepStatus.SUCCEEDED
    assert [trial.number for trial in ended.trials] == list(range(14))
    assert {trial.status for trial in ended.trials} == {TrialStatus.SUCCEEDED}
    assert ended.best is not None
    assert ended.best.value == max(trial.value for trial in ended.trials if trial.value is not None)
    assert str(ended.best.number) in (ended.conclusion or "")
    for trial in ended.trials:
        experiment = store.experiments.read(trial.experiment_id or "")
        assert (experiment.sweep, experiment.trial) == (sweep.id, trial.number)
        assert experiment.spec.document["training"]["batch_size"] == trial.point["training.batch_size"]


def test_trials_have_the_priority_of_their_sweep(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    sweep = store.sweeps.create(grid_of(tiny_document, [16, 32], parallel=1, priority=7))
    worker.advance_sweep(sweep.id)
    store.sweeps.edit(sweep.id, {"priority": -3, "parallel": 2})
    worker.advance_sweep(sweep.id)
    trials = store.sweeps.read(sweep.id).trials
    assert [store.experiments.read(each.experiment_id or "").priority for each in trials] == [7, -3]


def test_trials_wait_or_run_in_the_number_asked_for(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    sweep = store.sweeps.create(sweep_of(tiny_document, trials=10, parallel=4))
    worker.advance_sweep(sweep.id)
    assert len(queued(store, sweep)) == 4
    worker.advance_sweep(sweep.id)
    assert len(queued(store, sweep)) == 4
    train(store, queued(store, sweep)[0])
    worker.advance_sweep(sweep.id)
    assert len(queued(store, sweep)) == 4
    assert len(store.sweeps.read(sweep.id).trials) == 5


def test_grid_tries_each_point_once(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    sweep = store.sweeps.create(grid_of(tiny_document, [16, 32, 64, 128]))
    ended = run(store, worker, sweep)
    assert [trial.point["training.batch_size"] for trial in ended.trials] == [16, 32, 64, 128]
    assert ended.method == "grid"
    assert ended.best is not None
    assert ended.best.number == 1


def test_one_point_is_one_trial(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    ended = run(store, worker, store.sweeps.create(grid_of(tiny_document, [32], method="tpe")))
    assert len(ended.trials) == 1
    assert ended.status is SweepStatus.SUCCEEDED


@pytest.mark.parametrize("method", ["random", "qmc", "tpe"])
def test_no_point_is_tried_twice(store: Store, worker: Supervisor, tiny_document: Document, method: str) -> None:
    spec = grid_of(tiny_document, list(range(8, 20)), method=method, trials=100, parallel=3)
    ended = run(store, worker, store.sweeps.create(spec))
    assert sorted(trial.point["training.batch_size"] for trial in ended.trials) == list(range(8, 20))
    assert ended.exhausted


def test_infeasible_points_are_counted_not_trained(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    ended = run(store, worker, store.sweeps.create(grid_of(tiny_document, [32, 100_000, 64])))
    assert [trial.status for trial in ended.trials] == [
        TrialStatus.SUCCEEDED,
        TrialStatus.INFEASIBLE,
        TrialStatus.SUCCEEDED,
    ]
    assert "exceeds the training split" in (ended.trials[1].reason or "")


def test_sweep_of_infeasible_points_fails(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    spec = grid_of(tiny_document, [100_000 + each for each in range(300)], method="random", trials=300)
    ended = run(store, worker, store.sweeps.create(spec))
    assert ended.status is SweepStatus.FAILED
    assert "exceeds the training split" in (ended.conclusion or "")
    assert len(ended.trials) == 100


def test_start_with_comes_first(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    start = [{"training.batch_size": 99}, {"training.optimizer.learning_rate": 0.05}]
    sweep = store.sweeps.create(sweep_of(tiny_document, trials=3, start_with=start))
    ended = run(store, worker, sweep)
    assert ended.trials[0].point["training.batch_size"] == 99
    assert ended.trials[1].point["training.optimizer.learning_rate"] == 0.05


@pytest.mark.parametrize("reason", ["diverged", "out_of_memory"])
def test_trial_of_a_bad_point_counts_as_worst(
    store: Store, worker: Supervisor, tiny_document: Document, reason: FailureType
) -> None:
    sweep = store.sweeps.create(sweep_of(tiny_document, trials=2, parallel=1))
    worker.advance_sweep(sweep.id)
    fail(store, queued(store, sweep)[0], Failure(type=reason, message="the point is to blame"))
    worker.advance_sweep(sweep.id)
    first = store.sweeps.read(sweep.id).trials[0]
    assert (first.status, first.is_bad, first.reason) == (
        TrialStatus.FAILED,
        True,
        "the point is to blame",
    )
    ended = run(store, worker, sweep)
    assert ended.best is not None
    assert ended.best.number == 1


def test_sweep_stops_when_every_trial_fails(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    sweep = store.sweeps.create(sweep_of(tiny_document, trials=100, parallel=1))
    while not store.sweeps.read(sweep.id).has_ended:
        worker.advance_sweep(sweep.id)
        for each in queued(store, sweep):
            fail(store, each, Failure(type="export", message="cannot be exported"))
    ended = store.sweeps.read(sweep.id)
    assert ended.status is SweepStatus.FAILED
    assert len(ended.trials) == 10
    assert "cannot be exported" in (ended.conclusion or "")


def test_cancelled_and_deleted_trials_end(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    sweep = store.sweeps.create(sweep_of(tiny_document, trials=3, parallel=3))
    worker.advance_sweep(sweep.id)
    first, second, third = queued(store, sweep)
    store.experiments.cancel(first)
    store.experiments.delete(second)
    train(store, third)
    worker.advance_sweep(sweep.id)
    ended = store.sweeps.read(sweep.id)
    assert [trial.status for trial in ended.trials] == [
        TrialStatus.CANCELLED,
        TrialStatus.DELETED,
        TrialStatus.SUCCEEDED,
    ]
    assert ended.status is SweepStatus.SUCCEEDED


def test_repeats_rank_by_mean(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    spec = grid_of(tiny_document, [16, 32, 64], repeats={"seeds": 3, "of_best": 2}, parallel=2)

    def lucky(spec: Document) -> float:
        """64 was best by luck."""
        is_first = spec["training"]["seed"] == 0
        return 1.0 if is_first and spec["training"]["batch_size"] == 64 else bowl(spec) - 0.1

    ended = run(store, worker, store.sweeps.create(spec), lucky)

    assert ended.best is not None
    assert ended.best.number == 2
    assert [each.number for each in ended.repeated] == [1, 2]
    winner = ended.repeated[0]
    assert winner.n == 3
    assert winner.mean == pytest.approx(0.9 - 0.002)
    assert winner.low < winner.mean < winner.high
    assert {trial.seed for trial in ended.repeats} == {1, 2, 3}
    assert store.experiments.read(ended.winner).spec.document["training"]["batch_size"] == 32
    assert "is more than chance" in (ended.conclusion or "")


def test_paused_sweep_starts_nothing(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    sweep = store.sweeps.create(sweep_of(tiny_document, trials=5, parallel=1))
    worker.advance_sweep(sweep.id)
    assert store.sweeps.edit(sweep.id, {"paused": True}).status is SweepStatus.PAUSED
    train(store, queued(store, sweep)[0])
    worker.advance_sweep(sweep.id)
    assert len(store.sweeps.read(sweep.id).trials) == 1
    store.sweeps.edit(sweep.id, {"paused": False})
    worker.advance_sweep(sweep.id)
    assert len(store.sweeps.read(sweep.id).trials) == 2


def test_keys_are_read_where_trials_are_created(
    store: Store, worker: Supervisor, tiny_document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They tell what its owner may see; steps that create nothing look at nothing."""
    store.keys.prepare()
    asked: list[str | None] = []
    is_admin = store.keys.has_live_admin

    def noted(owner: str | None = None) -> bool:
        asked.append(owner)
        return is_admin(owner)

    monkeypatch.setattr(store.keys, "has_live_admin", noted)
    sweep = store.sweeps.create(sweep_of(tiny_document, trials=2, parallel=2), owner="ann")
    worker.advance_sweep(sweep.id)
    assert asked == ["ann"]
    worker.advance_sweep(sweep.id)
    for experiment_id in queued(store, sweep):
        train(store, experiment_id)
        worker.advance_sweep(sweep.id)
    assert store.sweeps.read(sweep.id).status is SweepStatus.SUCCEEDED
    assert asked == ["ann"]


def test_ended_sweep_continues_with_more_trials(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    sweep = store.sweeps.create(sweep_of(tiny_document, trials=2))
    run(store, worker, sweep)
    assert store.sweeps.edit(sweep.id, {"trials": 4}).status is SweepStatus.RUNNING
    ended = run(store, worker, sweep)
    assert len(ended.trials) == 4


def test_cancelled_sweep_cancels_its_trials(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    sweep = store.sweeps.create(sweep_of(tiny_document, trials=5, parallel=3))
    worker.advance_sweep(sweep.id)
    ids = queued(store, sweep)
    store.sweeps.cancel(sweep.id)
    worker.advance_sweep(sweep.id)
    ended = store.sweeps.read(sweep.id)
    assert ended.status is SweepStatus.CANCELLED
    assert [store.experiments.read(each).status for each in ids] == [Status.CANCELLED] * 3


def test_cancelled_sweep_waits_for_a_newer_trial(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    """A newer worker has rewritten it: whether it has ended is not known, and the others are cancelled."""
    sweep = store.sweeps.create(sweep_of(tiny_document, trials=3, parallel=2)).id
    worker.advance_sweep(sweep)
    newer, other = (trial.experiment_id or "" for trial in store.sweeps.read(sweep).trials)
    path = store.experiments.folder(newer) / "experiment.json"
    before, written = path.read_bytes(), rewrite(path)

    assert store.sweep_jobs.cancel(sweep).cancel_requested
    assert store.experiments.read(other).status is Status.CANCELLED
    worker.advance_sweep(sweep)

    record = store.sweeps.read(sweep)
    assert [trial.status for trial in record.trials] == [TrialStatus.OPEN, TrialStatus.CANCELLED]
    assert (record.status, path.read_bytes()) == (SweepStatus.RUNNING, written)
    path.write_bytes(before)
    worker.advance_sweep(sweep)
    assert store.sweeps.read(sweep).status is SweepStatus.CANCELLED


def test_sweep_with_an_added_member_waits(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    """It is shown, edited with what a later release has added, and cancelled; no trial is suggested. A member that
    changes nothing where it is null stops nobody."""
    sweep = store.sweeps.create(sweep_of(tiny_document, trials=3, parallel=1, stop_early={}, repeats={})).id
    path = store.sweeps.folder(sweep) / RECORD_FILE
    stored = orjson.loads(path.read_bytes())
    stored["spec"] |= {"until": "Friday", "weights": None}
    stored["spec"]["stop_early"]["grace"] = {"epochs": 2}
    stored["spec"]["repeats"]["shuffle"] = False
    path.write_bytes(orjson.dumps(stored))

    worker.advance_sweep(sweep)
    edited = store.sweeps.edit(sweep, {"trials": 5})

    written = orjson.loads(path.read_bytes())["spec"]
    assert written == {**stored["spec"], "trials": 5}
    assert ([each.id for each in store.sweeps.records()], edited.trials, edited.is_queued) == ([sweep], (), False)
    del written["until"]
    assert not read_with(store, path, written).is_queued
    del written["stop_early"]["grace"]
    assert read_with(store, path, written).is_queued
    worker.advance_sweep(sweep)
    assert len(store.sweeps.read(sweep).trials) == 1
    read_with(store, path, {**written, "until": "Friday"})
    assert store.sweep_jobs.cancel(sweep).cancel_requested
    worker.advance_sweep(sweep)
    assert store.sweeps.read(sweep).status is SweepStatus.CANCELLED


def read_with(store: Store, path: Path, spec: Document) -> SweepRecord:
    """The record in the file `path`, once it has this spec."""
    path.write_bytes(orjson.dumps({**orjson.loads(path.read_bytes()), "spec": spec}))
    return store.sweeps.get(path.parent.name)


def test_pruned_trial_is_resumed_on_request(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    sweep = store.sweeps.create(grid_of(tiny_document, [16, 32], stop_early={}))
    worker.advance_sweep(sweep.id)
    first, second = queued(store, sweep)
    train(store, second)
    claim = TrainingClaim.acquire(store.training_jobs, first, worker="trainer")
    assert claim is not None
    claim.append(Point(epoch=0, seconds=0.1, metrics={"val_accuracy": 0.25}))
    claim.prune("stopped after 1 epoch")
    worker.advance_sweep(sweep.id)
    ended = store.sweeps.read(sweep.id)
    assert ended.status is SweepStatus.SUCCEEDED
    pruned = ended.trials[0]
    assert (pruned.status, pruned.value, pruned.reason) == (TrialStatus.PRUNED, 0.25, "stopped after 1 epoch")

    assert store.sweep_jobs.resume(sweep.id, 0).status is SweepStatus.RUNNING
    assert store.trials.pruner(store.experiments.read(first)) is None
    train(store, first)
    worker.advance_sweep(sweep.id)

    ended = store.sweeps.read(sweep.id)
    assert ended.status is SweepStatus.SUCCEEDED
    assert ended.trials[0].status is TrialStatus.SUCCEEDED
    with pytest.raises(InvalidState, match="is succeeded"):
        store.sweep_jobs.resume(sweep.id, 0)
    with pytest.raises(NotFound, match="no trial 7"):
        store.sweep_jobs.resume(sweep.id, 7)


def test_best_model_is_pinned_at_the_end(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    ended = run(store, worker, store.sweeps.create(grid_of(tiny_document, [16, 32], serve="best")))
    assert store.experiments.pins.datasets_of(ended.winner) == ["digits"]


@pytest.fixture
def unreliable(store: Store, worker: Supervisor, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def break_down() -> None:
        def suggest(_: object) -> None:
            raise ZeroDivisionError("no point")

        monkeypatch.setattr("worker.sweeps.advance.suggest", suggest)

    return break_down


def test_broken_suggestion_fails_the_sweep(
    store: Store, worker: Supervisor, tiny_document: Document, unreliable: Callable[[], None]
) -> None:
    sweep = store.sweeps.create(sweep_of(tiny_document))
    unreliable()
    worker.advance_sweep(sweep.id)
    ended = store.sweeps.read(sweep.id)
    assert ended.status is SweepStatus.FAILED
    assert "ZeroDivisionError: no point" in (ended.error or "")


def test_sweep_over_its_quota_waits(store: Store, worker: Supervisor, tiny_document: Document) -> None:
    store.reconciler.sweep()
    store.quotas.owners.set("ann", QuotaSpec(queued=2))
    store.experiments.create(parse_spec(tiny_document), owner="ann")
    sweep = store.sweeps.create(sweep_of(tiny_document, trials=4, parallel=4), owner="ann")

    worker.advance_sweep(sweep.id)

    assert len(queued(store, sweep)) == 1
    assert not store.sweep_jobs.is_due(sweep.id)
    before = store.sweeps.read(sweep.id).version
    worker.advance_sweep(sweep.id)
    assert store.sweeps.read(sweep.id).version == before
    train(store, queued(store, sweep)[0])
    worker.advance_sweep(sweep.id)
    assert len(queued(store, sweep)) == 1
    assert store.sweeps.read(sweep.id).status is SweepStatus.RUNNING
    store.quotas.owners.set("ann", QuotaSpec())
    assert run(store, worker, sweep).status is SweepStatus.SUCCEEDED
