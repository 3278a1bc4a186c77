from collections.abc import Callable

import pytest
from redis import Redis

from models_store.connection import connect
from models_store.errors import Unavailable
from models_store.models.traffic import HOURS, MINUTES, ModelTraffic, Traffic
from tests.support.valkey import Valkey

# Half a minute into a minute, and into an hour.
NOW = 500_000 * 3600.0 + 30


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def redis(valkey: Valkey) -> Redis:
    return connect(valkey.url, "test")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def process(redis: Redis, clock: Clock) -> Callable[[], Traffic]:
    """The counts of another process."""
    return lambda: Traffic(redis, clock)


def test_processes_are_summed(process: Callable[[], Traffic]) -> None:
    first, second = process(), process()
    for each in (first, second):
        each.count_request("a")
        each.count_predictions("a", [7, 7, 1], ["confident", "unsure", "confident"])
    first.count_request("b")
    first.flush()
    found = second.read()
    assert found.keys() == {"a", "b"}
    assert found["a"].requests[-1] == 2
    assert (found["a"].verdicts, found["a"].predicted) == ({"confident": 4, "unsure": 2}, {7: 4, 1: 2})
    assert (found["b"].requests[-1], found["b"].verdicts) == (1, {})


def test_requests_are_counted_by_minute(process: Callable[[], Traffic], clock: Clock) -> None:
    traffic = process()
    for requests in (9, 3, 6):
        for _ in range(requests):
            traffic.count_request("a")
        traffic.flush()
        clock.now += 60
    clock.now -= 60
    [found] = traffic.read().values()
    assert (len(found.requests), found.requests[-4:]) == (MINUTES, (0, 9, 3, 6))
    # 3 in a whole minute, 6 in half of one.
    assert found.requests_per_second == pytest.approx(9 / 90)


def test_old_counts_are_forgotten(process: Callable[[], Traffic], redis: Redis, clock: Clock) -> None:
    traffic = process()
    traffic.count_request("a")
    traffic.count_predictions("a", [1])
    traffic.flush()
    kept = {key: redis.ttl(key) for key in redis.scan_iter("trainyard:traffic:*")}
    assert sorted(kept.values()) == pytest.approx([(MINUTES + 1) * 60, (HOURS + 1) * 3600], abs=5)
    clock.now += MINUTES * 60
    assert traffic.read()["a"] == ModelTraffic(predicted={1: 1})
    clock.now += HOURS * 3600
    assert traffic.read() == {}


def test_nothing_is_counted_twice(process: Callable[[], Traffic]) -> None:
    traffic = process()
    traffic.count_request("a")
    for _ in range(3):
        traffic.flush()
    assert traffic.read()["a"].requests[-1] == 1


def test_counts_wait_for_redis(own_valkey: Valkey, clock: Clock) -> None:
    traffic = Traffic(connect(own_valkey.url, "test"), clock)
    own_valkey.kill()
    traffic.count_request("a")
    traffic.count_predictions("a", [2])
    traffic.flush()
    with pytest.raises(Unavailable):
        traffic.read()
    own_valkey.restart()
    traffic.count_request("a")
    found = traffic.read()["a"]
    assert (found.requests[-1], found.predicted) == (2, {2: 1})
