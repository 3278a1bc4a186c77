"""Clients of the feed: beginning, resuming, loss."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from models_store import event_feed, keys
from models_store.errors import InvalidPosition
from models_store.event_feed import LOST, Event, Position
from models_store.events import EventLog, ExperimentDeleted, ExperimentProgress
from models_store.experiments.record import Progress
from models_store.store import Store
from models_store.visibility import Viewer, show_to
from specs.experiment import ExperimentSpec
from tests.support.feeds import Follower, RunningFeed, with_feed
from tests.support.published import finish
from tests.support.valkey import Valkey

FOLLOWERS = 300


@pytest.fixture
def announce(valkey: Valkey) -> Callable[..., None]:
    """Add events that tell which they are."""
    log = EventLog(valkey.client())

    def add(*names: str) -> None:
        for name in names:
            log.add("deleted", ExperimentDeleted(experiment_id=name), name)

    return add


def subjects(events: list[Event]) -> list[str]:
    return [event.subject for event in events if event.subject]


async def receive(follower: Follower, count: int) -> list[Event]:
    return [await follower.next() for _ in range(count)]


def test_first_event_is_ready(store: Store, announce: Callable[..., None]) -> None:
    async def play(feed: RunningFeed) -> tuple[Event, Event]:
        announce("before")
        follower = feed.follow()
        ready = await follower.next()
        announce("after")
        return ready, await follower.next()

    ready, after = with_feed(store, play)

    assert (ready.kind, orjson.loads(ready.data)) == ("ready", {"resumed": False})
    assert after.subject == "after"
    assert after.position > ready.position


def test_resumed_stream_has_every_event_once(store: Store, announce: Callable[..., None]) -> None:
    async def play(feed: RunningFeed) -> list[Event]:
        seen: list[Event] = []
        follower = feed.follow()
        position = (await follower.next()).position
        for part in ("abc", "defg", "h"):
            announce(*part)
            seen += await receive(follower, 2 if len(part) > 1 else 1)
            position = seen[-1].position
            follower = feed.follow(position)
            ready = await follower.next()
            assert (ready.kind, ready.position) == ("ready", position)
        announce("i")
        return seen + await receive(follower, 9 - len(seen))

    assert subjects(with_feed(store, play)) == list("abcdefghi")


def test_other_replica_resumes_the_stream(
    store: Store, announce: Callable[..., None], reopened: Callable[[], Store]
) -> None:
    async def begin(feed: RunningFeed) -> Event:
        follower = feed.follow()
        await follower.next()
        announce("a", "b")
        return await follower.next()

    async def resume(feed: RunningFeed) -> list[Event]:
        return await receive(feed.follow(position), 2)

    position = with_feed(store, begin).position

    assert subjects(with_feed(reopened(), resume)) == ["b"]


def test_position_behind_the_replica_is_sound(store: Store, announce: Callable[..., None], valkey: Valkey) -> None:
    """The client comes from a replica that has read further."""

    async def play(feed: RunningFeed) -> list[Event]:
        await feed.follow().next()
        announce("a")
        with valkey.client() as client:
            ahead = Position.parse(client.xrevrange(keys.EVENTS, count=1)[0][0])
        follower = feed.follow(ahead)
        ready = await follower.next()
        announce("b")
        return [ready, await follower.next()]

    ready, after = with_feed(store, play)
    assert (ready.kind, after.subject) == ("ready", "b")


@pytest.mark.parametrize("since", [LOST, Position(1, 1), Position(10**18, 0)])
def test_position_of_another_stream_is_reset(store: Store, since: Position, announce: Callable[..., None]) -> None:
    async def play(feed: RunningFeed) -> list[Event]:
        announce("a")
        follower = feed.follow(since)
        reset = await follower.next()
        announce("b")
        return [reset, await follower.next()]

    reset, after = with_feed(store, play)

    assert (reset.kind, orjson.loads(reset.data)) == ("reset", {"experiment_id": None})
    assert after.subject == "b"


def test_trimmed_position_is_reset(
    store: Store, announce: Callable[..., None], valkey: Valkey, reopened: Callable[[], Store]
) -> None:
    async def begin(feed: RunningFeed) -> Event:
        follower = feed.follow()
        await follower.next()
        announce("a")
        return await follower.next()

    async def resume(feed: RunningFeed) -> Event:
        return await feed.follow(position).next()

    position = with_feed(store, begin).position
    announce("b", "c")
    with valkey.client() as client:
        client.xtrim(keys.EVENTS, maxlen=2, approximate=False)

    assert with_feed(reopened(), resume).kind == "reset"


def test_client_far_behind_reads_from_redis(
    store: Store, announce: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_feed, "_KEPT", 2)
    monkeypatch.setattr(event_feed, "_CHUNK", 3)
    names = [str(each) for each in range(20)]

    async def play(feed: RunningFeed) -> list[Event]:
        slow, quick = feed.follow(), feed.follow()
        await slow.next(), await quick.next()
        announce(*names)
        await receive(quick, len(names))
        return await receive(slow, len(names))

    assert subjects(with_feed(store, play)) == names


def test_only_the_last_progress_waits(store: Store, valkey: Valkey) -> None:
    log = EventLog(valkey.client())

    def report(name: str, step: int) -> None:
        progress = Progress(phase="training", step=step)
        log.add("progress", ExperimentProgress(experiment_id=name, progress=progress), name)

    async def play(feed: RunningFeed) -> list[Event]:
        position = (await feed.follow().next()).position
        for step in range(3):
            report("a", step)
            report("b", step)
        quick = feed.follow()
        while (await quick.next()).kind == "ready":
            report("a", 3)
        return await receive(feed.follow(position), 3)

    _, *progress = with_feed(store, play)
    assert [(event.subject, orjson.loads(event.data)["progress"]["step"]) for event in progress] == [("b", 2), ("a", 3)]


def test_other_experiments_can_be_left_out(store: Store, announce: Callable[..., None], valkey: Valkey) -> None:
    async def play(feed: RunningFeed) -> list[Event]:
        follower = feed.follow(ids=["b"])
        await follower.next()
        announce("a", "b", "c")
        store.workers.leave("nobody")
        EventLog(valkey.client()).add("reset", ExperimentDeleted(experiment_id=""))
        return await receive(follower, 2)

    assert [(event.kind, event.subject) for event in with_feed(store, play)] == [("deleted", "b"), ("reset", "")]


def test_restart_of_redis_loses_nothing(own_store: Store, own_valkey: Valkey) -> None:
    log = EventLog(own_valkey.client())

    async def play(feed: RunningFeed) -> list[Event]:
        follower = feed.follow()
        await follower.next()
        log.add("deleted", ExperimentDeleted(experiment_id="a"), "a")
        first = await follower.next()
        await asyncio.to_thread(own_valkey.kill)
        await asyncio.to_thread(own_valkey.restart)
        log.add("deleted", ExperimentDeleted(experiment_id="b"), "b")
        return [first, await follower.next()]

    assert subjects(with_feed(own_store, play)) == ["a", "b"]


def test_emptied_redis_is_a_reset(own_store: Store, own_valkey: Valkey) -> None:
    async def play(feed: RunningFeed) -> list[Event]:
        follower = feed.follow()
        first = await follower.next()
        await asyncio.to_thread(own_valkey.kill)
        await asyncio.to_thread(own_valkey.restart, empty=True)
        await asyncio.to_thread(own_store.reconciler.sweep)
        return [first, await follower.next()]

    assert [event.kind for event in with_feed(own_store, play)] == ["ready", "reset"]


def test_client_waits_until_redis_is_there(own_store: Store, own_valkey: Valkey) -> None:
    own_valkey.kill()

    async def play(feed: RunningFeed) -> Event:
        waiting = asyncio.create_task(feed.follow().next())
        await asyncio.to_thread(own_valkey.restart)
        return await waiting

    assert with_feed(own_store, play).kind == "ready"


def test_all_clients_share_one_connection(store: Store, announce: Callable[..., None], valkey: Valkey) -> None:
    async def play(feed: RunningFeed) -> tuple[list[Event], int]:
        followers = [feed.follow() for _ in range(FOLLOWERS)]
        for each in followers:
            await each.next()
        announce("a")
        received = [await each.next() for each in followers]
        with valkey.client() as client:
            names = [each["name"] for each in client.client_list()]
        return received, names.count("trainyard-test-events")

    received, connections = with_feed(store, play)
    assert subjects(received) == ["a"] * FOLLOWERS
    assert connections <= 2


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "a-b", "1-2-3", "1-2\n", "٣-٤", "9" * 20 + "-0"])
def test_other_texts_are_no_positions(text: str) -> None:
    with pytest.raises(InvalidPosition, match="expected the `id` of an event"):
        Position.parse(text)


def first_position(store: Store) -> Position:
    entries: Any = store.redis.xrange(keys.EVENTS, count=1)
    return Position.parse(entries[0][0])


def test_private_events_are_for_their_owner(store: Store, announce: Callable[..., None], valkey: Valkey) -> None:
    announce("first")
    log = EventLog(valkey.client())
    log.add("deleted", ExperimentDeleted(experiment_id="hidden"), "hidden", private_to="ann")
    announce("shown")
    taught: tuple[tuple[str, tuple[str, ...]], ...] = (("bob", ()), ("ann", ()), ("tina", ("ann",)))

    async def play(feed: RunningFeed) -> list[list[str]]:
        found = []
        for owner, students in taught:
            show_to(Viewer(owner, students.__contains__))
            follower = feed.follow(first_position(store))
            seen: list[str] = []
            while "shown" not in seen:
                seen.append((await follower.next()).subject)
            found.append(seen[1:])  # without `ready`
        return found

    assert with_feed(store, play) == [["shown"], ["hidden", "shown"], ["hidden", "shown"]]


def test_private_run_is_not_told_of_once_deleted(
    store: Store, announce: Callable[..., None], tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    """Whatever was done with it. Who replays the stream finds its record no more, only what the events say."""
    announce("first")
    record = store.experiments.create(tiny_spec(), owner="ann", private=True)
    store.experiments.edit(record.id, {"priority": 1})
    finish(store, record)
    store.experiments.look(store.experiments.get(record.id))
    store.experiments.edit(record.id, {"name": "secret"})
    store.experiments.delete(record.id)
    announce("shown")

    async def play(feed: RunningFeed) -> list[str]:
        show_to(Viewer("bob", lambda _: False))
        follower = feed.follow(first_position(store))
        seen = [await follower.next()]
        while seen[-1].subject != "shown":
            seen.append(await follower.next())
        return [each.kind for each in seen]

    assert with_feed(store, play) == ["ready", "deleted"]


def test_events_of_newly_private_are_left_out(
    store: Store, announce: Callable[..., None], tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    record = store.experiments.create(tiny_spec(), owner="ann")
    announce("first", record.id)
    store.experiments.edit(record.id, {"private": True})

    async def play(feed: RunningFeed) -> str:
        show_to(Viewer("bob", lambda _: False))
        follower = feed.follow(first_position(store))
        await follower.next()
        return (await follower.next()).kind

    assert with_feed(store, play) == "reset"


def test_idle_follower_is_ended_with_its_key(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens that it could be told."""
    monkeypatch.setattr(store.feed, "_block_milliseconds", 20)
    asked: list[bool] = []

    def still_allowed() -> bool:
        asked.append(len(asked) < 5)
        return asked[-1]

    async def play(feed: RunningFeed) -> None:
        follower = feed.follow(still_allowed=still_allowed)
        assert (await follower.next()).kind == "ready"
        with pytest.raises(StopAsyncIteration):
            await follower.next()

    with_feed(store, play)
    assert asked == [True] * 5 + [False]
