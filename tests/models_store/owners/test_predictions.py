"""Predictions a day, counted by several processes."""

from datetime import UTC, datetime, timedelta

from redis import Redis

from models_store.connection import connect
from models_store.owners.predictions import PredictionCounts
from tests.support.valkey import Valkey

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def counts(redis: Redis, clock: Clock) -> PredictionCounts:
    return PredictionCounts(redis, clock)


def test_limit_holds_in_one_process(valkey: Valkey) -> None:
    counted = counts(connect(valkey.url, "test"), Clock())
    assert [counted.add("ann", 4, 10) for _ in range(3)] == [None, None, 12 * 3600 + 1]
    assert counted.add("ann", 2, 10) is None
    assert counted.add("bob", 9, 10) is None
    assert counted.add("ann", 1_000, None) is None


def test_processes_learn_from_each_other(valkey: Valkey) -> None:
    clock = Clock()
    first, second = (counts(connect(valkey.url, "test"), clock) for _ in range(2))
    first.add("ann", 6, 10)
    second.add("ann", 4, 10)
    for each in (first, second, first):
        each.flush()
    assert first.used("ann") == second.used("ann") == 10
    assert first.add("ann", 1, 10) is not None
    assert second.add("ann", 1, 10) is not None


def test_next_day_begins_with_nothing(valkey: Valkey) -> None:
    clock = Clock()
    counted = counts(connect(valkey.url, "test"), clock)
    counted.add("ann", 10, 10)
    counted.flush()
    clock.now += timedelta(days=1)
    assert counted.used("ann") == 0
    assert counted.add("ann", 10, 10) is None


def test_counts_wait_for_redis(own_valkey: Valkey) -> None:
    counted = counts(connect(own_valkey.url, "test"), Clock())
    own_valkey.kill()
    counted.add("ann", 3, 10)
    counted.flush()
    assert counted.used("ann") == 3
    own_valkey.restart()
    counted.flush()
    assert counts(connect(own_valkey.url, "test"), Clock()).used("ann") == 3
