from typing import cast

import pytest

from models_store import keys
from models_store.errors import InvalidState, NotFound, Unavailable
from models_store.jobs.workers import SEEN_SECONDS, Worker, WorkerChange
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


def test_drain_is_of_a_worker_or_a_machine(store: Store) -> None:
    for name in ("a:1", "a:2", "b:1"):
        store.workers.beat(worker(name))
    assert [(each.name, each.draining) for each in store.workers.drain("a:1", "finish")] == [("a:1", "finish")]
    assert [each.name for each in store.workers.consuming()] == ["a:2", "b:1"]
    assert [each.draining for each in store.workers.drain("a", "give_back")] == ["give_back", "give_back"]
    store.workers.beat(worker("a:3"))
    assert [each.name for each in store.workers.consuming()] == ["b:1"], "also one that is started later"


def test_resume_undoes_a_drain(store: Store) -> None:
    store.workers.beat(worker("a:1"))
    store.workers.drain("a:1", "finish")
    store.workers.drain("a", "finish")
    with pytest.raises(InvalidState, match="machine a drains with all its workers"):
        store.workers.resume("a:1")
    assert [each.draining for each in store.workers.resume("a")] == [None]
    assert store.workers.drains.read() == {}
    with pytest.raises(NotFound, match="'a:1' does not drain: nothing does"):
        store.workers.resume("a:1")


def test_drain_of_an_unknown_worker_is_rejected(store: Store) -> None:
    with pytest.raises(NotFound, match="none is alive"):
        store.workers.drain("a:1", "finish")
    store.workers.beat(worker("a:1"))
    with pytest.raises(NotFound, match="'a:2' is alive: known are a, a:1"):
        store.workers.drain("a:2", "finish")
    assert store.workers.drains.read() == {}


def test_drain_and_resume_are_announced(store: Store) -> None:
    store.workers.beat(worker("a:1"))
    store.workers.drain("a:1", "give_back")
    store.workers.resume("a:1")
    entries = cast(list[tuple[str, dict[str, str]]], store.redis.xrange(keys.EVENTS))
    told = [WorkerChange.model_validate_json(fields["data"]) for _, fields in entries]
    assert [each.state for each in told] == ["joined", "changed", "changed"]
    assert [each.worker and each.worker.draining for each in told] == [None, "give_back", None]


def test_workers_are_unavailable_without_redis(own_store: Store, own_valkey: Valkey) -> None:
    own_valkey.kill()
    with pytest.raises(Unavailable):
        own_store.workers.beat(worker("a"))
    with pytest.raises(Unavailable):
        own_store.workers.alive()
    with pytest.raises(Unavailable):
        own_store.workers.leave("a")
