"""Server-sent events of an experiment, across connections that break."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from trainyard.errors import ApiError, Unreachable
from trainyard.transport import Transport

_SILENCE_SECONDS = 45.0  # three heartbeats
_PATIENCE_SECONDS = 120.0
_FIRST_WAIT_SECONDS = 0.2
_LONGEST_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` is `epoch`, `progress`, `status` or `end`; `id` is the number of an epoch, for `epoch` alone."""

    kind: str
    data: dict[str, Any]
    id: str | None = None


def parse_events(lines: Iterable[str]) -> Iterator[Event]:
    """As the WHATWG's HTML standard reads `text/event-stream`; an event cut off by the end is none."""
    fields: dict[str, list[str]] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
            continue
        if "data" in fields:
            kind, identity = fields.get("event", ["message"])[-1], fields.get("id", [None])[-1]
            yield Event(kind, json.loads("\n".join(fields["data"])), identity)
        fields = {}


def follow(transport: Transport, path: str) -> Iterator[Event]:
    """All events up to `end`. A connection that breaks is made again, behind the last epoch that came.

    Raises Unreachable if nothing answers at first, or for two minutes later on; ApiError if the API rejects.
    """
    last_id: str | None = None
    lost_at: float | None = None
    wait = _FIRST_WAIT_SECONDS
    has_begun = False
    while True:
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {})}
        try:
            with transport.stream(path, headers, _SILENCE_SECONDS) as lines:
                for event in parse_events(lines):
                    has_begun, lost_at, wait = True, None, _FIRST_WAIT_SECONDS
                    last_id = event.id or last_id
                    yield event
                    if event.kind == "end":
                        return
        except (Unreachable, ApiError) as error:
            lost_at = lost_at or time.monotonic()
            if not (has_begun and _may_pass(error)) or time.monotonic() - lost_at > _PATIENCE_SECONDS:
                raise
        time.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT_SECONDS)


def _may_pass(error: Unreachable | ApiError) -> bool:
    return isinstance(error, Unreachable) or error.status in (502, 503, 504)
