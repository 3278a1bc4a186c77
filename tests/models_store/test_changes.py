import asyncio
import time

from models_store.experiments.record import Record
from models_store.store import Store
from tests.support.valkey import Valkey

LONG = 20.0


def test_change_ends_the_wait(store: Store, queued: Record) -> None:
    async def follow() -> tuple[bool, float]:
        position = await store.changes.position(queued.id)
        waiting = asyncio.create_task(store.changes.wait(queued.id, position, LONG))
        began = time.monotonic()
        await asyncio.to_thread(store.experiments.cancel, queued.id)
        changed = await waiting
        await store.changes.close()
        return changed, time.monotonic() - began

    changed, seconds = asyncio.run(follow())
    assert changed
    assert seconds < LONG / 2


def test_change_before_the_wait_is_not_missed(store: Store, queued: Record) -> None:
    async def follow() -> bool:
        position = await store.changes.position(queued.id)
        await asyncio.to_thread(store.experiments.cancel, queued.id)
        changed = await store.changes.wait(queued.id, position, LONG)
        await store.changes.close()
        return changed

    assert asyncio.run(follow())


def test_first_change_is_not_missed(store: Store) -> None:
    async def follow() -> bool:
        position = await store.changes.position("new")
        assert position == "0-0"
        async with asyncio.timeout(LONG):
            changed = await store.changes.wait("new", position, 0.05)
        await store.changes.close()
        return changed

    assert not asyncio.run(follow())


def test_wait_without_a_change_ends_in_time(store: Store, queued: Record) -> None:
    async def follow() -> bool:
        position = await store.changes.position(queued.id)
        changed = await store.changes.wait(queued.id, position, 0.05)
        await store.changes.close()
        return changed

    assert not asyncio.run(follow())


def test_change_of_other_experiment_is_ignored(store: Store, queued: Record) -> None:
    async def follow() -> bool:
        position = await store.changes.position("other")
        await asyncio.to_thread(store.experiments.cancel, queued.id)
        changed = await store.changes.wait("other", position, 0.05)
        await store.changes.close()
        return changed

    assert not asyncio.run(follow())


def test_wait_without_redis_returns_true(own_store: Store, own_valkey: Valkey) -> None:
    async def follow() -> tuple[str, bool]:
        position = await own_store.changes.position("id")
        changed = await own_store.changes.wait("id", position, LONG)
        await own_store.changes.close()
        return position, changed

    own_valkey.kill()
    began = time.monotonic()
    assert asyncio.run(follow()) == ("0-0", True)
    assert time.monotonic() - began < LONG / 2
