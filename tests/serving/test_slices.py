import asyncio

import pytest
from anyio import CapacityLimiter

from serving import slices
from serving.slices import map_in_slices


def test_results_are_in_order() -> None:
    results = asyncio.run(map_in_slices(lambda each: each * 2, list(range(1_000)), CapacityLimiter(1)))

    assert results == list(range(0, 2_000, 2))
    assert asyncio.run(map_in_slices(str, [], CapacityLimiter(1))) == []


def test_two_that_share_a_thread_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_SECONDS", 0)
    done: list[str] = []

    async def main() -> None:
        thread = CapacityLimiter(1)
        large = asyncio.create_task(map_in_slices(done.append, ["large"] * 50, thread))
        while thread.borrowed_tokens == 0:
            await asyncio.sleep(0)
        await map_in_slices(done.append, ["small"], thread)
        await large

    asyncio.run(main())

    assert done.index("small") <= 2
    assert len(done) == 51


def test_error_ends_the_rest() -> None:
    seen: list[int] = []

    def fail_at_three(number: int) -> None:
        seen.append(number)
        if number == 3:
            raise ValueError(number)

    with pytest.raises(ValueError, match="3"):
        asyncio.run(map_in_slices(fail_at_three, range(10), CapacityLimiter(1)))
    assert seen == [0, 1, 2, 3]
