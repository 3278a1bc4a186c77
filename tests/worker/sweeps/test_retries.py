"""A trial that is retried while a worker advances its sweep."""

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from models_store.errors import Busy
from models_store.experiments.record import Record, Status
from models_store.jobs.failure import Failure
from models_store.store import Store
from models_store.sweeps.record import SweepRecord, SweepStatus
from models_store.sweeps.trial import TrialStatus
from settings import Settings
from tests.models_store.children import interrupted_at
from tests.worker.sweeps.trainings import advance_elsewhere, fail, grid_of, queued, run, supervisor, train

Document = dict[str, Any]


def sweep_with_failure(store: Store, document: Document) -> SweepRecord:
    """Its first trial has succeeded, its last one has failed; neither is recorded yet."""
    sweep = store.sweeps.create(grid_of(document, [16, 32], parallel=2))
    supervisor(store, Settings()).advance_sweep(sweep.id)
    first, last = queued(store, sweep)
    train(store, first)
    fail(store, last, Failure(type="internal", message="internal error"))
    return store.sweeps.read(sweep.id)


def retry_last(store: Store, sweep: SweepRecord, retried: list[Record]) -> None:
    """Unless the worker holds the lock of the sweep, for which a retry would wait."""
    try:
        with store.sweeps.lock(sweep.id, seconds=0.0):
            pass
    except Busy:
        return
    failed = store.experiments.read(sweep.trials[-1].experiment_id or "")
    retried.append(store.sweep_jobs.retry(failed))


def test_trial_retried_at_any_moment_rejoins(
    store: Store, tiny_document: Document, reopened: Callable[[], Store]
) -> None:
    worker = supervisor(store, Settings())
    step = later = 0
    for step in count(1):
        sweep = sweep_with_failure(store, tiny_document)
        retried: list[Record] = []
        advance = partial(advance_elsewhere, reopened, sweep.id)
        if not interrupted_at(step, advance, partial(retry_last, store, sweep, retried)):
            break
        if not retried:
            retry_last(store, sweep, retried)
            later += 1

        last = store.sweeps.read(sweep.id).trials[-1]
        assert (last.status, last.never_prune) == (TrialStatus.OPEN, True), f"retried at step {step}"
        assert store.experiments.read(last.experiment_id or "").status is Status.QUEUED
        ended = run(store, worker, sweep)
        assert ended.status is SweepStatus.SUCCEEDED
        assert [trial.status for trial in ended.trials] == [TrialStatus.SUCCEEDED] * 2
    assert 0 < later < step - 5, "at some steps the worker holds the lock, at others not"
