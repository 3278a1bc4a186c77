"""`GET /events` of everything that changes, and `GET /experiments/{id}/events`."""

import re
from collections.abc import AsyncIterable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from api import content
from api.access import READ, StillAllowed
from api.dependencies import ExperimentsDep, StoreDep
from api.schemas.events import StatusChange, StreamEnd
from api.wire.parameters import FollowedIds
from models_store.errors import InvalidPosition, NotFound
from models_store.event_feed import LOST, Position
from models_store.experiments.points import Point
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.store import HEARTBEAT_SECONDS

router = APIRouter(tags=["experiments"], dependencies=[READ])
# The id of an epoch is its number, that of the end names the last epoch.
_EVENT_ID = re.compile("(end-)?([0-9]{1,9})|end")
LastEventId = Annotated[str | None, Header(description="the `id` of the last event received")]


def start_behind(
    store: StoreDep,
    since: Annotated[str | None, Query(description="the `id` of the last event received")] = None,
    last_event_id: LastEventId = None,
) -> Position | None:
    """The position of the client, None for one that begins. Browsers repeat the URL and add the header, and give up at
    an error: what is no position there is a lost one. Raises InvalidPosition for `since`."""
    if last_event_id:
        try:
            return store.event_ids.read(last_event_id)
        except InvalidPosition:
            return LOST
    return store.event_ids.read(since) if since else None


@router.get("/events", response_class=EventSourceResponse, responses=content.ALL_EVENTS_STREAM, tags=["events"])
async def follow_events(
    store: StoreDep,
    position: Annotated[Position | None, Depends(start_behind)],
    still_allowed: StillAllowed,
    ids: FollowedIds = None,
) -> AsyncIterable[ServerSentEvent]:
    """Follow everything that changes as server-sent events, in one stream: `status` (an experiment was created,
    claimed, edited or has ended; its summary), `progress`, `epoch`, `deleted`, `dataset`, `evaluation`, `serving`,
    `worker`.

    The first is `ready`, at once. Open the stream, then read lists and records: what happens meanwhile follows; or read
    a list of summaries, then open the stream with its header `Last-Event-ID` as `since`. Its ids have no order that a
    client could read. A summary with a lower `version` than the one that was read is outdated. With `ids`, events of
    experiments are of these only.

    To resume a broken stream, send the last id received as `Last-Event-ID`, as browsers do by themselves, or as
    `since`: it continues without loss or repetition, except that only the last `progress` of each experiment is sent.
    `reset`, in place of `ready` or later, says that events are lost (the position is too old, or Redis was emptied):
    read everything again; with an `experiment_id`, only the record and history of that one, of which an attempt
    continues behind an earlier epoch. A comment is sent after 15 s without events. It ends with the key, at the next
    event or comment.
    """
    async for event in store.feed.follow(position, ids, still_allowed):
        if not still_allowed():
            return
        yield ServerSentEvent(event=event.kind, id=store.event_ids.write(event.position), raw_data=event.data)


def start_after(experiment_id: str, experiments: ExperimentsDep, last_event_id: LastEventId = None) -> int:
    """The last epoch that the client has, -1 for none. Raises NotFound before the stream begins, and HTTPException 204,
    which tells browsers not to connect again, for a client that has seen the end."""
    record = experiments.get(experiment_id)
    known = _EVENT_ID.fullmatch(last_event_id or "")
    if known is None:
        return -1
    if known[0].startswith("end") and record.status.is_terminal:
        raise HTTPException(HTTPStatus.NO_CONTENT)
    return int(known[2] or -1)


@router.get("/experiments/{experiment_id}/events", response_class=EventSourceResponse, responses=content.EVENT_STREAM)
async def follow_experiment(
    experiment_id: str,
    store: StoreDep,
    last_epoch: Annotated[int, Depends(start_after)],
    still_allowed: StillAllowed,
) -> AsyncIterable[ServerSentEvent]:
    """Follow an experiment as server-sent events: `epoch` (its id is the epoch's number), `progress`, `status`, and
    last `end`.

    To resume a broken stream, send the last id received as `Last-Event-ID`, as browsers do by themselves: the stream
    continues after it, from the stored history; after `end` the answer is 204. A comment is sent after 15 s without
    events.
    """
    follower = Follower(store.experiments, experiment_id, last_epoch)
    while True:
        position = await store.changes.position(experiment_id)
        events, ended = await run_in_threadpool(follower.poll)
        if not still_allowed():
            return
        for event in events:
            yield event
        if ended:
            return
        await store.changes.wait(experiment_id, position, HEARTBEAT_SECONDS)


class Follower:
    """What one client has seen; finds what is new in the store."""

    def __init__(self, experiments: ExperimentStore, experiment_id: str, last_epoch: int) -> None:
        self._experiments = experiments
        self._id = experiment_id
        self._last_epoch = last_epoch
        self._seen: Record | None = None

    def poll(self) -> tuple[list[ServerSentEvent], bool]:
        """The events since the last call, and whether the experiment has ended. Blocks on the store."""
        try:
            record = self._experiments.get(self._id)
            points = self._experiments.history(self._id, self._last_epoch).points
        except NotFound:
            return [self._end(StreamEnd(status="deleted"))], True
        events = [*map(_epoch, points), *self._changes(record)]
        if points:
            self._last_epoch = points[-1].epoch
        self._seen = record
        if record.status.is_terminal:
            events.append(self._end(StreamEnd.model_validate({"status": record.status})))
        return events, record.status.is_terminal

    def _end(self, data: StreamEnd) -> ServerSentEvent:
        return ServerSentEvent(event="end", id="end" if self._last_epoch < 0 else f"end-{self._last_epoch}", data=data)

    def _changes(self, record: Record) -> list[ServerSentEvent]:
        seen, changes = self._seen, []
        if seen is None or (seen.status, seen.attempts) != (record.status, record.attempts):
            changes.append(ServerSentEvent(event="status", data=StatusChange.of(record)))
        if record.progress is not None and (seen is None or seen.progress != record.progress):
            changes.append(ServerSentEvent(event="progress", data=record.progress))
        return changes


def _epoch(point: Point) -> ServerSentEvent:
    return ServerSentEvent(event="epoch", id=str(point.epoch), data=point)
