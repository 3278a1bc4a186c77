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


def test_owners_have_their_turns_alternately() -> None:
    begun: list[str] = []

    async def test() -> None:
        turns, tasks = Turns(at_once=1), list[asyncio.Task[None]]()

        async def explain(owner: str, number: int) -> None:
            async with turns.take(owner):
                begun.append(f"{owner}{number}")
                await asyncio.sleep(0)

        async with turns.take("ann"):
            for owner, count in (("ann", 50), ("bob", 2), ("cem", 2)):
                tasks += [asyncio.create_task(explain(owner, number)) for number in range(count)]
            await asyncio.sleep(0)  # all wait
        await asyncio.gather(*tasks)

    run(test)
    assert begun[:6] == ["ann0", "bob0", "cem0", "ann1", "bob1", "cem1"]
    assert begun[6:] == [f"ann{number}" for number in range(2, 50)]


def test_who_leaves_the_line_costs_nobody_a_turn() -> None:
    ended: list[str] = []

    async def test() -> None:
        turns = Turns(at_once=1)

        async def explain(owner: str) -> None:
            async with turns.take(owner):
                ended.append(owner)

        async with turns.take("ann"):
            tasks = {owner: asyncio.create_task(explain(owner)) for owner in ("bob", "cem", "dan", "eva")}
            await asyncio.sleep(0)
            tasks["cem"].cancel()
            await asyncio.sleep(0)
            tasks["dan"].cancel()  # it is still in the line when the turn is given on
        # The turn is bob's now, and his task has not run.
        tasks["bob"].cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        assert tasks["bob"].cancelled()
        await explain("late")

    run(test)
    assert ended == ["eva", "late"]
