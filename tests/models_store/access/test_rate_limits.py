"""Limits that several processes share, on a real Valkey, and without it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from models_store import keys
from models_store.access import rate_limits
from models_store.access.rate_limits import LOCAL_SHARE, LocalBuckets, RateLimit, RateLimiter
from models_store.connection import connect_async
from models_store.errors import RateLimited
from tests.support.valkey import Valkey

SMALL = RateLimit("write", 12)
LARGE = RateLimit("predict", 5_000)


@asynccontextmanager
async def limiters(valkey: Valkey, count: int = 1, seconds: float = 30.0) -> AsyncIterator[list[RateLimiter]]:
    opened = [RateLimiter(connect_async(valkey.url, "test", seconds)) for _ in range(count)]
    yield opened
    for each in opened:
        await each.close()


async def admitted(limiter: RateLimiter, limit: RateLimit, requests: int, subject: str = "ann") -> int:
    """How many of so many at once."""
    answers = await asyncio.gather(*(limiter.acquire(limit, subject) for _ in range(requests)), return_exceptions=True)
    assert all(isinstance(each, int | RateLimited) for each in answers), answers
    return sum(isinstance(each, int) for each in answers)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def call() -> None:
        await test()

    asyncio.run(call())


def test_processes_share_a_limit(valkey: Valkey) -> None:
    async def test() -> None:
        async with limiters(valkey, 3) as several:
            counts = [await admitted(each, SMALL, 10) for each in several]
            assert counts[0] == 10
            # A minute brings 12; the test takes a part of one.
            assert 12 <= sum(counts) < 30
            assert await admitted(several[0], SMALL, 5, subject="bob") == 5

    run(test)


def test_large_limit_is_asked_for_rarely(valkey: Valkey) -> None:
    async def test() -> None:
        async with limiters(valkey) as [limiter]:
            with valkey.client() as client:
                before = client.info("stats")["total_commands_processed"]
                assert await admitted(limiter, LARGE, 1_000) == 1_000
                commands = client.info("stats")["total_commands_processed"] - before
            # A script, with its four calls, for each hundred.
            assert commands < 100

    run(test)


def test_what_is_left_is_counted_down(valkey: Valkey) -> None:
    async def test() -> None:
        async with limiters(valkey) as [limiter]:
            assert [await limiter.acquire(SMALL, "ann") for _ in range(3)] == [11, 10, 9]

    run(test)


def test_limit_is_whole_again_after_its_time(valkey: Valkey) -> None:
    fast = RateLimit("read", 60_000)

    async def test() -> None:
        async with limiters(valkey) as [limiter]:
            await limiter.acquire(fast, "ann")
            with valkey.client() as client:
                # 1,200 requests of a batch take 1.2 s of the rate, then nothing is kept.
                assert 0 < client.pttl(keys.rate_limit("read", "ann")) <= 1_200

    run(test)


def test_rejection_says_when(valkey: Valkey) -> None:
    async def test() -> None:
        async with limiters(valkey) as [limiter]:
            limiter.check(SMALL, "ann")
            await admitted(limiter, SMALL, 50)
            with pytest.raises(RateLimited, match=r"\(write\): 12 a minute are allowed; retry in \d seconds?") as error:
                limiter.check(SMALL, "ann")
            assert 1 <= error.value.retry_after <= 5
            limiter.check(SMALL, "bob")

    run(test)


def test_clock_of_the_server_may_jump_back(valkey: Valkey) -> None:
    async def test() -> None:
        async with limiters(valkey) as [limiter]:
            name = keys.rate_limit("write", "ann")
            with valkey.client() as client:
                client.set(name, "9007199254740991")  # in the year 2255
            assert [await limiter.acquire(SMALL, "ann") for _ in range(2)] == [11, 10]
            with valkey.client() as client:
                assert 0 < client.pttl(name) <= 60_000

    run(test)


# Of limits that a minute does not divide by, intervals are rounded.
@pytest.mark.parametrize("per_minute", [1, 7, 13, 60, 700, 1_300])
def test_whole_limit_is_there_at_once(valkey: Valkey, per_minute: int) -> None:
    async def test() -> None:
        async with limiters(valkey) as [limiter]:
            limit = RateLimit("predict", per_minute)
            left = await limiter.acquire(limit, "ann")
            assert left == per_minute - 1
            assert await limiter.acquire_further(limit, "ann", left) == 0

    run(test)


def test_several_are_taken_together_or_not_at_all(valkey: Valkey) -> None:
    async def test() -> None:
        async with limiters(valkey, 2) as [one, other]:
            assert await one.acquire_further(SMALL, "ann", 9) == 3
            for _ in range(5):
                with pytest.raises(RateLimited, match=r"12 a minute are allowed, and this one counts as 10") as error:
                    await other.acquire_further(SMALL, "ann", 9)
                # Nine and the request itself, of which there are three.
                assert 30 < error.value.retry_after <= 35
            # What is left is still there for others.
            assert [await each.acquire(SMALL, "ann") for each in (one, other)] == [2, 1]
            assert await other.acquire_further(SMALL, "bob", 9) == 3

    run(test)


@pytest.mark.parametrize(("per_minute", "count"), [(60_000, 19), (60_000, 90_000), (6_000, 199)])
def test_retry_in_time_is_admitted(valkey: Valkey, per_minute: int, count: int) -> None:
    """Also by another process, and of more than the limit, which then is that of a minute."""
    limit = RateLimit("predict", per_minute)

    async def test() -> None:
        async with limiters(valkey, 2) as [one, other]:
            await one.acquire(limit, "ann")
            await one.acquire_further(limit, "ann", per_minute)
            with pytest.raises(RateLimited) as error:
                await one.acquire_further(limit, "ann", count)
            with valkey.client() as client:
                # As it is so many seconds later.
                name = keys.rate_limit("predict", "ann")
                arrival = int(client.get(name)) - error.value.retry_after * 1_000_000
                client.set(name, arrival)
            await other.acquire(limit, "ann")
            await other.acquire_further(limit, "ann", count)

    run(test)


def test_tokens_of_a_process_are_used_first(valkey: Valkey) -> None:
    async def test() -> None:
        async with limiters(valkey) as [limiter]:
            await limiter.acquire(LARGE, "ann")
            with valkey.client() as client:
                before = client.get(keys.rate_limit("predict", "ann"))
                assert await limiter.acquire_further(LARGE, "ann", 19) == 4_980
                assert client.get(keys.rate_limit("predict", "ann")) == before

    run(test)


def test_process_alone_takes_several_or_none(own_valkey: Valkey) -> None:
    async def test() -> None:
        async with limiters(own_valkey, seconds=0.2) as [limiter]:
            own_valkey.kill()
            # A quarter of 60, and no more than that with the request itself.
            limit = RateLimit("predict", 60)
            await limiter.acquire(limit, "ann")
            await limiter.acquire_further(limit, "ann", 19)
            await limiter.acquire(limit, "bob")
            await limiter.acquire_further(limit, "bob", 9)
            with pytest.raises(RateLimited) as error:
                await limiter.acquire_further(limit, "bob", 9)
            assert 15 <= error.value.retry_after <= 20
            await limiter.acquire(limit, "bob")
            # Where the request itself is all there is, nothing further.
            for small in (RateLimit("predict", 3), RateLimit("predict", 7)):
                await limiter.acquire(small, "ann")
                await limiter.acquire_further(small, "ann", 19)

    run(test)


@pytest.mark.parametrize("fault", [Valkey.kill, Valkey.pause])
def test_process_alone_admits_a_quarter(own_valkey: Valkey, fault: Callable[[Valkey], None]) -> None:
    async def test() -> None:
        async with limiters(own_valkey, seconds=0.2) as [limiter]:
            fault(own_valkey)
            count = await admitted(limiter, SMALL, 50)
            assert 12 // LOCAL_SHARE <= count <= 12

    run(test)


def test_redis_is_asked_again_when_it_is_back(own_valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "_AWAY_SECONDS", 0.0)

    async def test() -> None:
        async with limiters(own_valkey) as [limiter]:
            own_valkey.kill()
            await limiter.acquire(LARGE, "ann")
            own_valkey.restart()
            await limiter.acquire(LARGE, "ann")
            with own_valkey.client() as client:
                assert client.exists(keys.rate_limit("predict", "ann"))

    run(test)


def test_memory_of_a_process_is_bounded(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MAX_SUBJECTS", 5)

    async def test() -> None:
        async with limiters(valkey) as [limiter]:
            for number in range(20):
                await limiter.acquire(SMALL, str(number))
                assert len(limiter._leases[SMALL]) <= 5

    run(test)
    buckets = LocalBuckets()
    grants = [buckets.take(SMALL, str(number))[0] for number in range(20)]
    assert grants == [1] * 5 + [0] * 15
    assert buckets.take(LARGE, "ann")[0] == 1
    assert buckets.take(SMALL, "0")[0] == 1
