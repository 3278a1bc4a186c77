"""The events of the store for any number of clients of one process, which read Redis through one connection."""

import asyncio
import re
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any, NamedTuple, Self, cast

from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from models_store import keys
from models_store.errors import InvalidPosition
from models_store.events import EventKind, EventsLost, StreamReady
from models_store.visibility import Privacy, private_to, sees_everything

_AWAY_SECONDS = 1.0
_STOP_SECONDS = 0.1
_KEPT = 2_000
_CHUNK = 1_000
_POSITION = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
_Entries = list[tuple[str, dict[str, str]]]


class Position(NamedTuple):
    """A place in the stream: just behind the event that has it as its id."""

    milliseconds: int
    sequence: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InvalidPosition."""
        match = _POSITION.fullmatch(text)
        if match is None:
            raise InvalidPosition(
                f"expected the `id` of an event as it was received, such as 1764398000000-0, received {text[:50]!r}; "
                "leave it out to begin with what happens now"
            )
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.milliseconds}-{self.sequence}"


# Before all events, so that those behind it are lost.
LOST = Position(0, 0)


class Event(NamedTuple):
    """`data` is JSON. `subject` is the experiment that it belongs to, "" for none; `private_to` the owner of what is
    private, "" for what is not."""

    position: Position
    kind: EventKind
    subject: str
    data: str
    private_to: str = ""


class EventFeed:
    """Reads the stream from `start` to `stop`; `follow` gives each client what is new. All in one event loop.
    `shown_summary` is applied to summaries as they leave: `Holdout.shown_summary`. `privacy` is that of an
    experiment."""

    def __init__(
        self,
        redis: AsyncRedis,
        block_seconds: float,
        shown_summary: Callable[[str], str],
        privacy: Callable[[str], Privacy],
    ) -> None:
        self._redis = redis
        self._shown_summary = shown_summary
        self._privacy = privacy
        self._block_milliseconds = int(block_seconds * 1000)
        # The latest events in order; they follow on `_floor`, and the last has `_end`.
        self._recent: list[Event] = []
        self._floor: Position | None = None
        self._end: Position | None = None
        self._moved = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._reading = asyncio.create_task(self._run())

    @property
    def end(self) -> str | None:
        """The position of the last event; None while Redis cannot be reached."""
        return None if self._end is None else str(self._end)

    async def stop(self) -> None:
        # A cancellation that meets the end of a send is lost: asyncio.wait_for of Python 3.11 swallows it.
        while self._reading is not None and not self._reading.done():
            self._reading.cancel()
            await asyncio.wait([self._reading], timeout=_STOP_SECONDS)

    async def _run(self) -> None:
        """While Redis cannot be reached, try once a second."""
        while True:
            try:
                if self._end is None:
                    self._begin_at(await self._end_of_stream())
                await self._read()
            except RedisError:
                self._end = None  # clients resume by what Redis still has
                await asyncio.sleep(_AWAY_SECONDS)

    async def _end_of_stream(self) -> Position:
        """The last position. Of an empty stream there is none: it gets an event, so that later a position tells whether
        events behind it are lost."""
        last = cast(_Entries, await self._redis.xrevrange(keys.EVENTS, count=1))
        if last:
            return Position.parse(last[0][0])
        begin: dict[Any, Any] = {"kind": "reset", "subject": "", "data": EventsLost().model_dump_json()}
        return Position.parse(cast(str, await self._redis.xadd(keys.EVENTS, begin)))

    def _begin_at(self, position: Position) -> None:
        self._recent, self._floor, self._end = [], position, position
        self._wake()

    async def _read(self) -> None:
        answer = await self._redis.xread({keys.EVENTS: str(self._end)}, block=self._block_milliseconds, count=_CHUNK)
        for _, entries in cast(list[tuple[str, _Entries]], answer or []):
            self._recent += map(_parse, entries)
        if answer:
            self._end = self._recent[-1].position
            if len(self._recent) > 2 * _KEPT:
                self._floor = self._recent[-_KEPT - 1].position
                del self._recent[:-_KEPT]
        # Also where nothing has happened: followers look whether they still may follow.
        self._wake()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    async def follow(
        self,
        since: Position | None,
        ids: Collection[str] | None = None,
        still_allowed: Callable[[], bool] = lambda: True,
    ) -> AsyncIterator[Event]:
        """`ready`, then all events behind `since`, or else from now on; with `ids`, of the experiments only those.
        `reset` in place of events that are lost, also in place of `ready`.

        Of several reports of an experiment's progress that wait for a client it gets the last. Ends when it is not
        `still_allowed`, within `block_seconds` where nothing happens; while Redis cannot be reached nothing does.
        """
        position = await self._place() if since is None else since
        events = await self._behind(position)
        if events is not None:
            yield Event(position, "ready", "", StreamReady(resumed=since is not None).model_dump_json())
        while still_allowed():
            moved = self._moved
            if events is None:
                position = await self._place()
                yield Event(position, "reset", "", EventsLost().model_dump_json())
            elif events:
                position = events[-1].position
                for event in _without_outdated(events):
                    if (ids is None or event.subject in ids or not event.subject) and self._is_shown(event):
                        yield self._shown(event)
            elif self._end is None or self._end <= position:
                await moved.wait()
            events = await self._behind(position)

    def _is_shown(self, event: Event) -> bool:
        """An experiment may have become private since; it may also be deleted, and was private."""
        if sees_everything():
            return True
        return private_to(event.private_to).is_shown and (not event.subject or self._privacy(event.subject).is_shown)

    def _shown(self, event: Event) -> Event:
        return event._replace(data=self._shown_summary(event.data)) if event.kind == "status" else event

    async def _place(self) -> Position:
        """The end of the stream, as soon as it is known."""
        while self._end is None:
            await self._moved.wait()
        return self._end

    async def _behind(self, position: Position) -> list[Event] | None:
        """Some of the events behind `position`, none if there are none yet; None if events there may be lost."""
        while True:
            end = await self._place()
            if self._floor is not None and self._floor <= position <= end:
                return self._recent[bisect_right(self._recent, position, key=lambda event: event.position) :]
            try:
                return await self._stored_behind(position)
            except RedisError:
                await asyncio.sleep(_AWAY_SECONDS)

    async def _stored_behind(self, position: Position) -> list[Event] | None:
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.xrange(keys.EVENTS, count=1)
        pipeline.xrevrange(keys.EVENTS, count=1)
        pipeline.xrange(keys.EVENTS, min=f"({position}", count=_CHUNK)
        first, last, entries = cast(list[_Entries], await pipeline.execute())
        if not first or not Position.parse(first[0][0]) <= position <= Position.parse(last[0][0]):
            return None
        return [_parse(each) for each in entries]


def _parse(entry: tuple[str, dict[str, str]]) -> Event:
    position, fields = entry
    kind, owner = cast(EventKind, fields["kind"]), fields.get("private_to", "")
    return Event(Position.parse(position), kind, fields["subject"], fields["data"], owner)


def _without_outdated(events: list[Event]) -> list[Event]:
    """Without reports of progress that later ones replace."""
    last = {event.subject: event.position for event in events if event.kind == "progress"}
    return [event for event in events if event.kind != "progress" or last[event.subject] == event.position]
