"""Streams of events across connections that break, without any I/O."""

import json
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import httpx2

from trainyard.answers.events import Change, EpochEnd, Event, ProgressUpdate, StatusChange, StreamEnd
from trainyard.errors import ApiError, Unavailable, UnexpectedAnswer, Unreachable
from trainyard.operations.experiments import path_of
from trainyard.operations.operation import Operation

E = TypeVar("E")
_SILENCE_SECONDS = 45.0  # three heartbeats
_RECONNECT_SECONDS = 120.0
_FIRST_DELAY_SECONDS = 0.2
_MAX_DELAY_SECONDS = 5.0
_MODELS: dict[str, type[EpochEnd | ProgressUpdate | StatusChange | StreamEnd]] = {
    "epoch": EpochEnd,
    "progress": ProgressUpdate,
    "status": StatusChange,
    "end": StreamEnd,
}


class Connection(Generic[E]):
    """Which request to send, what to make of its events, and when to send the next one.

    A connection that breaks is renewed behind the last event that has an id, so that none is missed or repeated.
    """

    def __init__(self, path: str, params: Mapping[str, str | None] | None = None, last_id: str = "") -> None:
        self.has_ended = False
        self._path = path
        self._params = params or {}
        self._last_id = last_id
        self._has_begun = False
        self._lost_at: float | None = None
        self._delay = _FIRST_DELAY_SECONDS

    def operation(self) -> Operation[httpx2.EventSource]:
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": self._last_id} if self._last_id else {})}
        return Operation("GET", self._path, httpx2.EventSource, self._params, headers, silence_seconds=_SILENCE_SECONDS)

    def receive(self, message: httpx2.ServerSentEvent) -> E | None:
        """The event of a message; None for a kind that this version does not know."""
        self._has_begun, self._lost_at, self._delay = True, None, _FIRST_DELAY_SECONDS
        self._last_id = message.id or self._last_id
        try:
            return self._read(message)
        except ValueError as error:
            raise UnexpectedAnswer(f"event {message.event} has unexpected data: {message.data}") from error

    @abstractmethod
    def _read(self, message: httpx2.ServerSentEvent) -> E | None:
        """Raises ValueError if the data do not fit."""

    def lose_connection(self, error: Unreachable | ApiError) -> None:
        """Raises `error` if it is not worth another connection: it was the first, or two minutes have passed."""
        now = time.monotonic()
        self._lost_at = now if self._lost_at is None else self._lost_at
        can_pass = isinstance(error, Unreachable | Unavailable)
        if not (self._has_begun and can_pass) or now - self._lost_at > _RECONNECT_SECONDS:
            raise error

    def next_delay(self) -> float:
        """Seconds to wait before the next connection."""
        delay = self._delay
        self._delay = min(2 * delay, _MAX_DELAY_SECONDS)
        return delay


class EventStream(Connection[Event]):
    """The events of one experiment."""

    def __init__(self, experiment_id: str) -> None:
        super().__init__(f"{path_of(experiment_id)}/events")

    def _read(self, message: httpx2.ServerSentEvent) -> Event | None:
        model = _MODELS.get(message.event)
        if model is None:
            return None
        self.has_ended = model is StreamEnd
        return model.model_validate_json(message.data)


class ChangeStream(Connection[Change]):
    """The events of everything. It never ends."""

    def __init__(self, experiment_ids: Sequence[str], since: str | None) -> None:
        super().__init__("/events", {"ids": ",".join(experiment_ids) or None}, since or "")

    def _read(self, message: httpx2.ServerSentEvent) -> Change:
        return Change(kind=message.event, id=message.id, data=json.loads(message.data))
