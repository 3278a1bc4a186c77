"""`GET /experiments/{id}/events`: an experiment as it happens."""

import re
from collections.abc import AsyncIterable
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from api.dependencies import ExperimentsDep, StoreDep
from models_store.errors import NotFound
from models_store.experiments.record import Point, Record
from models_store.experiments.store import ExperimentStore
from models_store.store import HEARTBEAT_SECONDS

router = APIRouter(tags=["experiments"])
_EPOCH = re.compile("[0-9]{1,9}")


def existing(experiment_id: str, experiments: ExperimentsDep) -> str:
    """Answer 404 before the stream begins."""
    return experiments.get(experiment_id).id


@router.get("/experiments/{experiment_id}/events", response_class=EventSourceResponse)
async def follow_experiment(
    experiment_id: Annotated[str, Depends(existing)],
    store: StoreDep,
    last_event_id: Annotated[str | None, Header(description="the last epoch that was received")] = None,
) -> AsyncIterable[ServerSentEvent]:
    """Server-sent events: `epoch` (its id is the epoch's number), `progress`, `status`, and at last `end`.

    A stream that broke goes on behind the epoch named in `Last-Event-ID`, from the stored history. A comment comes
    every 15 s when nothing else does.
    """
    follower = Follower(store.experiments, experiment_id, _epoch_of(last_event_id))
    while True:
        position = await store.changes.position(experiment_id)
        events, ended = await run_in_threadpool(follower.news)
        for event in events:
            yield event
        if ended:
            return
        await store.changes.wait(experiment_id, position, HEARTBEAT_SECONDS)


def _epoch_of(last_event_id: str | None) -> int:
    return int(last_event_id) if last_event_id and _EPOCH.fullmatch(last_event_id) else -1


class Follower:
    """Knows what one client has seen, and finds what is new in the store."""

    def __init__(self, experiments: ExperimentStore, experiment_id: str, last_epoch: int) -> None:
        self._experiments = experiments
        self._id = experiment_id
        self._last_epoch = last_epoch
        self._seen: Record | None = None

    def news(self) -> tuple[list[ServerSentEvent], bool]:
        """The events since the last call, and whether the experiment has ended. Reads the store: call in a thread."""
        try:
            record = self._experiments.get(self._id)
            points = self._experiments.history(self._id, self._last_epoch).points
        except NotFound:
            return [ServerSentEvent(event="end", data={"status": "deleted"})], True
        events = [*map(_epoch, points), *self._changes(record)]
        if points:
            self._last_epoch = points[-1].epoch
        self._seen = record
        if record.status.is_terminal:
            events.append(ServerSentEvent(event="end", data={"status": record.status}))
        return events, record.status.is_terminal

    def _changes(self, record: Record) -> list[ServerSentEvent]:
        seen, changes = self._seen, []
        if seen is None or (seen.status, seen.attempts) != (record.status, record.attempts):
            data = record.model_dump(mode="json", include={"status", "attempts", "error", "stop_reason"})
            changes.append(ServerSentEvent(event="status", data=data))
        if record.progress is not None and (seen is None or seen.progress != record.progress):
            changes.append(ServerSentEvent(event="progress", data=record.progress))
        return changes


def _epoch(point: Point) -> ServerSentEvent:
    return ServerSentEvent(event="epoch", id=str(point.epoch), data=point)
