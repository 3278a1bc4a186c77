"""Experiments in the states that the tests of the store start from."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models_store import keys
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Record
from models_store.store import Store, open_store
from specs.experiment import ExperimentSpec
from tests.models_store.results import point, stage
from tests.support.store import LEASE_SECONDS
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

MakeSpec = Callable[..., ExperimentSpec]


@pytest.fixture
def queued(store: Store, tiny_spec: MakeSpec) -> Record:
    return store.experiments.create(tiny_spec())


@pytest.fixture
def claim(store: Store, queued: Record) -> TrainingClaim:
    """The first attempt."""
    acquired = TrainingClaim.acquire(store.training_jobs, queued.id, worker="first")
    assert acquired is not None
    return acquired


@pytest.fixture
def take_over(store: Store, valkey: Valkey) -> Callable[[TrainingClaim], TrainingClaim]:
    """Expire a claim's lease, lose its message, sweep, and give the experiment to another worker."""

    def sweep(lost: TrainingClaim) -> TrainingClaim | None:
        # More than once: the first sweep, and a server that has just started, grant one more term.
        store.experiments.leases.release(lost.id, lost.token)
        with valkey.client() as client:
            client.delete(keys.TRAININGS)
        assert store.reconciler.sweep()
        return TrainingClaim.acquire(store.training_jobs, lost.id, worker="second")

    def take(lost: TrainingClaim) -> TrainingClaim:
        successor = eventually(lambda: sweep(lost))
        assert successor is not None
        return successor

    return take


@pytest.fixture
def succeed(store: Store, tiny_spec: MakeSpec) -> Callable[..., Record]:
    """Make an experiment that has succeeded with these validation metrics."""

    def make(accuracy: float | None = 0.5, loss: float | None = 1.0, name: str = "tiny") -> Record:
        record = store.experiments.create(tiny_spec(name=name))
        claim = TrainingClaim.acquire(store.training_jobs, record.id, worker="worker")
        assert claim is not None
        metrics = {"val_accuracy": accuracy, "val_loss": loss}
        staged = stage(claim.attempt_folder / "result")
        return claim.succeed(staged, "completed", point(0), metrics, {"accuracy": 0.25})

    return make


@pytest.fixture
def own_store(tmp_path: Path, own_valkey: Valkey) -> Iterator[Store]:
    """A store on a server of this test's own."""
    opened = open_store(tmp_path / "store", own_valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
    yield opened
    opened.close()
