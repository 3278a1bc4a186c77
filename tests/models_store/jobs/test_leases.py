import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from models_store import keys
from models_store.jobs.leases import Leases
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

SECONDS = 5.0


@pytest.fixture
def redis(valkey: Valkey) -> Iterator[Redis]:
    with valkey.client() as client:
        yield client


@pytest.fixture
def leases(redis: Redis) -> Leases:
    return Leases(redis, SECONDS)


def test_lease_is_acquired_by_one_token(leases: Leases) -> None:
    assert leases.acquire("id", 1)
    assert not leases.acquire("id", 2)
    assert leases.is_held("id")
    assert leases.acquire("other", 2)


def test_retried_acquire_finds_its_own_token(leases: Leases) -> None:
    assert leases.acquire("id", 1)
    assert leases.acquire("id", 1)


def test_concurrent_tokens_acquire_once(leases: Leases) -> None:
    start = threading.Barrier(12)

    def take(token: int) -> bool:
        start.wait()
        return leases.acquire("id", token)

    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(take, range(12))).count(True) == 1


def test_lease_expires(redis: Redis) -> None:
    leases = Leases(redis, 0.05)
    assert leases.acquire("id", 1)
    eventually(lambda: not leases.is_held("id"))
    assert leases.acquire("id", 2)


def test_renewal_lengthens_a_lease(leases: Leases, redis: Redis) -> None:
    leases.acquire("id", 1)
    redis.pexpire(keys.lease("id"), 2_000)
    assert leases.renew("id", 1)
    assert 2_000 < redis.pttl(keys.lease("id")) <= SECONDS * 1000


def test_renewal_reacquires_free_lease(leases: Leases) -> None:
    assert leases.renew("id", 1)
    assert not leases.renew("id", 2)
    leases.release("id", 1)
    assert leases.renew("id", 2)
    assert not leases.renew("id", 1)


def test_release_frees_only_its_own_token(leases: Leases) -> None:
    leases.acquire("id", 2)
    leases.release("id", 1)
    assert leases.is_held("id")
    leases.release("id", 2)
    assert not leases.is_held("id")


def test_uptime_counts_from_the_start_of_redis(leases: Leases) -> None:
    assert 0 <= leases.uptime_seconds() < 3600
