"""Following the events of a store from a test that is no coroutine."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from models_store.event_feed import Event, EventFeed, Position
from models_store.store import Store
from tests.support.waiting import PATIENCE_SECONDS

T = TypeVar("T")


class Follower:
    """What one client of a feed receives."""

    def __init__(
        self, feed: EventFeed, since: Position | None, ids: list[str] | None, still_allowed: Callable[[], bool]
    ) -> None:
        self._events = feed.follow(since, ids, still_allowed)

    async def next(self) -> Event:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await anext(self._events)

    async def until(self, kind: str) -> list[Event]:
        """The events up to the first of this kind."""
        events = [await self.next()]
        while events[-1].kind != kind:
            events.append(await self.next())
        return events


class RunningFeed:
    def __init__(self, store: Store) -> None:
        self._feed = store.feed

    def follow(
        self,
        since: Position | None = None,
        ids: list[str] | None = None,
        still_allowed: Callable[[], bool] = lambda: True,
    ) -> Follower:
        return Follower(self._feed, since, ids, still_allowed)


@asynccontextmanager
async def running_feed(store: Store) -> AsyncIterator[RunningFeed]:
    """Read the feed of `store`, as an API process does."""
    store.feed.start()
    try:
        yield RunningFeed(store)
    finally:
        await store.feed.stop()
        await store.changes.close()


def with_feed(store: Store, play: Callable[[RunningFeed], Awaitable[T]]) -> T:
    """Run `play` while the feed of `store` is read."""

    async def run() -> T:
        async with running_feed(store) as feed:
            return await play(feed)

    return asyncio.run(run())
