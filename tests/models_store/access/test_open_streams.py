"""Streams of events that several processes count together, on a real Valkey, and without it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from models_store import keys
from models_store.access import open_streams
from models_store.access.open_streams import OpenStreams
from models_store.connection import connect_async
from tests.support.valkey import Valkey


@asynccontextmanager
async def counters(valkey: Valkey, count: int = 2, seconds: float = 30.0) -> AsyncIterator[list[OpenStreams]]:
    clients = [connect_async(valkey.url, "test", seconds) for _ in range(count)]
    yield [OpenStreams(each) for each in clients]
    for each in clients:
        await each.aclose()


async def admitted(stack: AsyncExitStack, counter: OpenStreams, owner: str = "ann", most: int = 2) -> bool:
    return await stack.enter_async_context(counter.admit(owner, most))


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def call() -> None:
        await test()

    asyncio.run(call())


def test_processes_count_streams_together(valkey: Valkey) -> None:
    async def test() -> None:
        async with counters(valkey) as [first, second], AsyncExitStack() as stack:
            async with AsyncExitStack() as closed_early:
                assert await admitted(closed_early, first)
                assert await admitted(stack, second)
                assert not await admitted(stack, second)
                assert not await admitted(stack, first)
                assert await admitted(stack, first, "bob")
            assert await admitted(stack, second)

    run(test)


def test_streams_of_a_dead_process_run_out(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_streams, "LEASE_SECONDS", 0.2)

    async def test() -> None:
        async with counters(valkey) as [dead, alive]:
            await dead.admit("ann", 1).__aenter__()
            async with asyncio.timeout(30):
                while True:
                    async with alive.admit("ann", 1) as is_admitted:
                        if is_admitted:
                            return
                    await asyncio.sleep(0.01)

    run(test)


def test_renewed_streams_stay_counted(valkey: Valkey) -> None:
    async def test() -> None:
        async with counters(valkey) as [first, second], first.admit("ann", 1):
            with valkey.client() as client:
                client.flushall()
                await first.renew()
                assert client.zcard(keys.streams("ann")) == 1
            async with second.admit("ann", 1) as is_admitted:
                assert not is_admitted

    run(test)


def test_each_process_counts_without_redis(own_valkey: Valkey) -> None:
    own_valkey.stop()

    async def test() -> None:
        async with counters(own_valkey, seconds=0.2) as [first, second], AsyncExitStack() as stack:
            assert [await admitted(stack, first, most=1) for _ in range(2)] == [True, False]
            assert await admitted(stack, second, most=1)

    run(test)
