"""`GET /experiments/{id}/events`."""

import re
from collections.abc import AsyncIterable
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from api import content
from api.dependencies import ExperimentsDep, StoreDep
from api.schemas.events import StatusChange, StreamEnd
from models_store.errors import NotFound
from models_store.experiments.record import Point, Record
from models_store.experiments.store import ExperimentStore
from models_store.store import HEARTBEAT_SECONDS

router = APIRouter(tags=["experiments"])
_EPOCH = re.compile("[0-9]{1,9}")


def check_exists(experiment_id: str, experiments: ExperimentsDep) -> str:
    """Raises NotFound before the stream begins."""
    return experiments.get(experiment_id).id


@router.get("/experiments/{experiment_id}/events", response_class=EventSourceResponse, responses=content.EVENT_STREAM)
async def follow_experiment(
    experiment_id: Annotated[str, Depends(check_exists)],
    store: StoreDep,
    last_event_id: Annotated[str | None, Header(description="the last epoch received")] = None,
) -> AsyncIterable[ServerSentEvent]:
    """Follow an experiment as server-sent events: `epoch` (its id is the epoch's number), `progress`, `status`, and
    last `end`.

    To resume a broken stream, send the last epoch received as `Last-Event-ID`: the stream continues after it, from the
    stored history. A comment is sent after 15 s without events.
    """
    follower = Follower(store.experiments, experiment_id, _epoch_of(last_event_id))
    while True:
        position = await store.changes.position(experiment_id)
        events, ended = await run_in_threadpool(follower.poll)
        for event in events:
            yield event
        if ended:
            return
        await store.changes.wait(experiment_id, position, HEARTBEAT_SECONDS)


def _epoch_of(last_event_id: str | None) -> int:
    return int(last_event_id) if last_event_id and _EPOCH.fullmatch(last_event_id) else -1


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
            return [ServerSentEvent(event="end", data=StreamEnd(status="deleted"))], True
        events = [*map(_epoch, points), *self._changes(record)]
        if points:
            self._last_epoch = points[-1].epoch
        self._seen = record
        if record.status.is_terminal:
            events.append(ServerSentEvent(event="end", data=StreamEnd.model_validate({"status": record.status})))
        return events, record.status.is_terminal

    def _changes(self, record: Record) -> list[ServerSentEvent]:
        seen, changes = self._seen, []
        if seen is None or (seen.status, seen.attempts) != (record.status, record.attempts):
            changes.append(ServerSentEvent(event="status", data=StatusChange.of(record)))
        if record.progress is not None and (seen is None or seen.progress != record.progress):
            changes.append(ServerSentEvent(event="progress", data=record.progress))
        return changes


def _epoch(point: Point) -> ServerSentEvent:
    return ServerSentEvent(event="epoch", id=str(point.epoch), data=point)
