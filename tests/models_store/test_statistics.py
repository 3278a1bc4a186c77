import pytest

from models_store.errors import Unavailable
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Status
from models_store.jobs.workers import Worker
from models_store.statistics import queue_state, store_statistics
from models_store.store import Store
from tests.models_store.conftest import MakeSpec
from tests.models_store.results import point
from tests.support.valkey import Valkey


def test_statistics_count_experiments_and_epochs(store: Store, claim: TrainingClaim, tiny_spec: MakeSpec) -> None:
    store.experiments.cancel(store.experiments.create(tiny_spec()).id)
    store.experiments.create(tiny_spec())
    claim.begin_history([])
    claim.append(point(0, seconds=0.2))
    store.workers.beat(Worker(name="one", hostname="here", pid=1))
    found = store_statistics(store.experiments, store.queue, store.workers)
    assert found.workers == 1
    assert found.experiments == {
        Status.QUEUED: 1,
        Status.RUNNING: 1,
        Status.SUCCEEDED: 0,
        Status.FAILED: 0,
        Status.CANCELLED: 1,
        Status.NEWER: 0,
    }
    assert found.queue_depth == 3
    assert dict(found.epoch_buckets)["0.1"] == 0
    assert dict(found.epoch_buckets)["0.25"] == dict(found.epoch_buckets)["+Inf"] == 1
    assert found.epoch_seconds == pytest.approx(0.2)


def test_queue_state_lists_the_oldest_first(store: Store, claim: TrainingClaim, tiny_spec: MakeSpec) -> None:
    waiting = [store.experiments.create(tiny_spec()) for _ in range(3)]
    state = queue_state(store.experiments, store.queue)
    assert (state.depth, state.queued) == (4, 3)
    assert state.items == waiting
    assert state.running == [claim.record]


def test_long_queue_shows_its_head(store: Store, tiny_spec: MakeSpec) -> None:
    first = store.experiments.create(tiny_spec())
    for number in range(101):
        store.experiments.index.put(first.model_copy(update={"id": f"{first.id[:-3]}{number:03}"}))
    state = queue_state(store.experiments, store.queue)
    assert state.queued == 102
    assert len(state.items) == 100


def test_statistics_need_redis(own_store: Store, own_valkey: Valkey) -> None:
    own_valkey.kill()
    with pytest.raises(Unavailable):
        store_statistics(own_store.experiments, own_store.queue, own_store.workers)
    with pytest.raises(Unavailable):
        queue_state(own_store.experiments, own_store.queue)
