import asyncio
from collections.abc import Awaitable, Callable

import pytest

from serving.errors import Overloaded
from serving.explanations.turns import Turns


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def call() -> None:
        await test()

    asyncio.run(call())


def test_few_are_computed_at_once_and_in_order() -> None:
    begun: list[int] = []
    most = 0

    async def test() -> None:
        nonlocal most
        turns, now = Turns(at_once=2), 0

        async def explain(number: int) -> None:
            nonlocal most, now
            async with turns.take():
                begun.append(number)
                now += 1
                most = max(most, now)
                await asyncio.sleep(0)
                now -= 1

        await asyncio.gather(*map(explain, range(30)))

    run(test)
    assert begun == list(range(30))
    assert most == 2


def test_wait_for_a_turn_is_bounded() -> None:
    async def test() -> None:
        turns = Turns(at_once=1, seconds=0.01)
        async with turns.take():
            with pytest.raises(Overloaded, match=r"asked for before take longer than 0\.01 s"):
                async with turns.take():
                    pytest.fail("it has a turn")
        async with turns.take():
            pass

    run(test)


def test_what_has_begun_waits_and_loses_no_turn() -> None:
    async def test() -> None:
        turns, ended = Turns(at_once=1, seconds=0.01), list[str]()

        async def wait(name: str) -> None:
            async with turns.take(has_begun=True):
                ended.append(name)

        async with turns.take():
            waiting, left = asyncio.ensure_future(wait("waiting")), asyncio.ensure_future(wait("left"))
            with pytest.raises(Overloaded):
                async with turns.take():
                    pytest.fail("it has a turn")
            left.cancel()
            assert not waiting.done()
        await waiting
        await wait("later")
        assert left.cancelled()
        assert ended == ["waiting", "later"]

    run(test)
