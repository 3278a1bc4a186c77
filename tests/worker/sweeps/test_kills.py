"""A worker that is killed at any step of a suggestion leaves a sweep that comes to the same."""

import random
import shutil
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from models_store import keys
from models_store.experiments.record import Status
from models_store.store import Store
from models_store.sweeps.record import SweepRecord, SweepStatus
from models_store.sweeps.trial import Trial
from settings import Settings
from specs.sweep import SweepSpec
from tests.models_store.children import KILLED, die_at, in_child, killed_at_each_step
from tests.support.examples import examples
from tests.support.valkey import Valkey
from tests.support.waiting import eventually
from tests.worker.sweeps.trainings import advance_elsewhere, grid_of, queued, run, supervisor, sweep_of, train
from worker.sweeps.suggest import suggest

Document = dict[str, Any]


def recover(store: Store, sweep_id: str) -> SweepRecord:
    """Expire the lease of the dead worker, and sweep until the reconciler has taken the sweep back."""

    def recovered() -> bool:
        record = store.sweeps.read(sweep_id)
        if record.is_running:
            store.experiments.leases.release(sweep_id, record.attempts)
            store.reconciler.sweep()
        return not store.sweeps.read(sweep_id).is_running

    eventually(recovered)
    # Of one that was killed after its last write.
    record = store.sweeps.read(sweep_id)
    store.experiments.leases.release(sweep_id, record.attempts)
    return record


def trials_of(sweep: SweepRecord) -> list[tuple[Any, ...]]:
    """Without what the clock says, and ids."""
    return [(each.number, each.point, each.repeat_of, each.seed, each.status, each.value) for each in sweep.trials]


def check_experiments(store: Store, sweep: SweepRecord) -> None:
    """Each trial has one experiment, and there are no others."""
    expected = {trial.experiment_id: trial.number for trial in sweep.trials if trial.experiment_id is not None}
    folders = [path.name for path in store.experiments.experiments.glob("[!.]*")]
    found = [record for record in map(store.experiments.read, folders) if record.sweep == sweep.id]
    assert {record.id: record.trial for record in found} == expected
    assert len(found) == len(expected)


def spec_for(document: Document) -> SweepSpec:
    """With an infeasible point, and repeats."""
    return grid_of(document, [16, 100_000, 32], method="random", repeats={"seeds": 2, "of_best": 1}, parallel=2)


@pytest.mark.parametrize("trained", [0, 1, 2])
def test_killed_worker_changes_no_trial(
    store: Store, tiny_document: Document, reopened: Callable[[], Store], trained: int
) -> None:
    """Killed in the step after `trained` trials have ended: the first one, one that closes a trial, one that begins
    the repeats."""
    worker = supervisor(store, Settings())

    def prepared() -> SweepRecord:
        sweep = store.sweeps.create(spec_for(tiny_document))
        for _ in range(trained):
            worker.advance_sweep(sweep.id)
            train(store, queued(store, sweep)[0])
        return sweep

    undisturbed = prepared()
    worker.advance_sweep(undisturbed.id)
    expected = trials_of(store.sweeps.read(undisturbed.id))
    current = [prepared()]
    deaths = 0
    for _ in killed_at_each_step(lambda: supervisor(reopened(), Settings()).advance_sweep(current[0].id)):
        deaths += 1
        recover(store, current[0].id)
        worker.advance_sweep(current[0].id)
        after = store.sweeps.read(current[0].id)
        assert trials_of(after) == expected
        assert after.worker is None
        check_experiments(store, after)
        shutil.rmtree(store.sweeps.folder(current[0].id))
        current[0] = prepared()
    assert deaths > 20
    assert trials_of(store.sweeps.read(current[0].id)) == expected
    assert trials_of(run(store, worker, current[0])) == trials_of(run(store, worker, undisturbed))


def test_emptied_redis_loses_no_trial(store: Store, tiny_document: Document, valkey: Valkey) -> None:
    worker = supervisor(store, Settings())
    spec = sweep_of(tiny_document, method="tpe", trials=13, parallel=1)
    undisturbed = run(store, worker, store.sweeps.create(spec))

    sweep = store.sweeps.create(spec)
    while not store.sweeps.read(sweep.id).has_ended:
        with valkey.client() as client:
            client.flushall()
        store.reconciler.sweep()
        worker.advance_sweep(sweep.id)
        for each in queued(store, sweep):
            train(store, each)

    ended = store.sweeps.read(sweep.id)
    assert trials_of(ended) == trials_of(undisturbed)
    check_experiments(store, ended)


def test_lost_message_of_a_sweep_is_resent(store: Store, tiny_document: Document, valkey: Valkey) -> None:
    worker = supervisor(store, Settings())
    sweep = store.sweeps.create(sweep_of(tiny_document, parallel=1))
    worker.advance_sweep(sweep.id)
    with valkey.client() as client:
        client.delete(keys.SWEEPS)
        store.reconciler.sweep()
        assert client.llen(keys.SWEEPS) == 0, "its trial waits: there is nothing to do"
        record = train(store, queued(store, sweep)[0])
        assert record.status is Status.SUCCEEDED
        assert client.llen(keys.SWEEPS) == 1, "the end of a trial sends a message"
        client.delete(keys.SWEEPS)
        store.reconciler.sweep()
        assert client.llen(keys.SWEEPS) == 1


def test_paused_worker_creates_no_trial(store: Store, tiny_document: Document) -> None:
    """Its claim is lost by then: a successor has ended the sweep's first trials."""
    from models_store.errors import ClaimLost
    from models_store.sweeps.claim import SweepClaim
    from worker.sweeps.advance import advance

    sweep = store.sweeps.create(grid_of(tiny_document, [16, 32]))
    paused = SweepClaim.acquire(store.sweep_jobs, sweep.id, worker="paused")
    assert paused is not None
    recover(store, sweep.id)
    ended = run(store, supervisor(store, Settings()), sweep)
    with pytest.raises(ClaimLost):
        advance(paused, store)
    assert trials_of(store.sweeps.read(sweep.id)) == trials_of(ended)
    check_experiments(store, ended)


@pytest.mark.timeout(900)
def test_many_trials_survive_random_kills(
    store: Store, tiny_document: Document, reopened: Callable[[], Store], valkey: Valkey
) -> None:
    """300 trials; ten times the worker is killed at a random step, and three times Redis is emptied as well."""
    generator = random.Random(0)
    number = examples(300)
    sweep = store.sweeps.create(sweep_of(tiny_document, method="qmc", trials=number, parallel=5))
    expected = points_of(sweep)
    kills = set(generator.sample(range(number), 10))
    emptied = set(generator.sample(sorted(kills), 3))
    worker = supervisor(store, Settings())
    deaths = 0
    for ended in range(number):
        if ended in kills:
            status = in_child(
                partial(die_at, generator.randrange(1, 40), partial(advance_elsewhere, reopened, sweep.id))
            )
            deaths += status == KILLED
            if ended in emptied:
                with valkey.client() as client:
                    client.flushall()
            recover(store, sweep.id)
        worker.advance_sweep(sweep.id)
        train(store, generator.choice(queued(store, sweep)))
    worker.advance_sweep(sweep.id)

    record = store.sweeps.read(sweep.id)
    assert record.status is SweepStatus.SUCCEEDED
    assert [trial.point for trial in record.trials] == expected
    check_experiments(store, record)
    assert deaths >= 5


def points_of(sweep: SweepRecord) -> list[Document]:
    """Of an undisturbed sweep, whose points follow from their numbers."""
    record = sweep
    while record.may_start:
        point = suggest(record)
        assert point is not None
        number = len(record.trials)
        record = record.with_trials([Trial(number=number, point=point, experiment_id=str(number))])
    return [trial.point for trial in record.trials]
