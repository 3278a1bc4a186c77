import pytest

from models_store import keys
from models_store.errors import Unavailable
from models_store.jobs.workers import SEEN_SECONDS, Worker
from models_store.store import Store
from tests.support.valkey import Valkey


def worker(name: str) -> Worker:
    return Worker(name=name, hostname="host", pid=7)


def test_workers_with_heartbeat_are_listed_by_name(store: Store) -> None:
    assert store.workers.alive() == []
    for name in ("b", "a", "b"):
        store.workers.beat(worker(name))
    alive = store.workers.alive()
    assert [each.model_copy(update={"seen_at": 0.0}) for each in alive] == [worker("a"), worker("b")]


def test_worker_that_leaves_is_gone(store: Store) -> None:
    store.workers.beat(worker("a"))
    store.workers.leave("a")
    store.workers.leave("nobody")
    assert store.workers.alive() == []


def test_worker_without_heartbeat_is_removed(store: Store, valkey: Valkey) -> None:
    for name in ("dead", "alive"):
        store.workers.beat(worker(name))
    [_, dead] = store.workers.alive()
    with valkey.client() as client:
        old = dead.model_copy(update={"seen_at": dead.seen_at - SEEN_SECONDS - 1})
        client.hset(keys.WORKERS, "dead", old.model_dump_json())
        assert [each.name for each in store.workers.alive()] == ["alive"]
        assert client.hkeys(keys.WORKERS) == ["alive"]


def test_heartbeat_has_redis_time(store: Store, valkey: Valkey) -> None:
    with valkey.client() as client:
        before = client.time()
        store.workers.beat(worker("a"))
        after = client.time()
    [seen] = store.workers.alive()
    assert before[0] <= seen.seen_at <= after[0] + 1


def test_workers_are_unavailable_without_redis(own_store: Store, own_valkey: Valkey) -> None:
    own_valkey.kill()
    with pytest.raises(Unavailable):
        own_store.workers.beat(worker("a"))
    with pytest.raises(Unavailable):
        own_store.workers.alive()
    with pytest.raises(Unavailable):
        own_store.workers.leave("a")
