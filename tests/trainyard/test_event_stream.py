import itertools
import json

import httpx2
import pytest

from tests.support.valkey import free_port
from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, epoch_event, problem, sse
from trainyard import Client
from trainyard.answers import EpochEnd, ProgressUpdate, StatusChange, StreamEnd
from trainyard.errors import NotFound, Unavailable, UnexpectedAnswer, Unreachable
from trainyard.event_stream import EventStream

PATH = f"/experiments/{samples.ID}/events"
END = sse("end", {"status": "succeeded"})


def test_events_are_typed(api: CannedApi) -> None:
    error = {"type": "killed", "message": "killed by signal 9"}
    change = {"status": "running", "attempts": 2, "error": error, "stop_reason": None}
    stream = sse("status", change) + sse("progress", samples.progress(step=3)) + epoch_event(0, loss=2.0) + END
    api.on("GET", PATH, Answer(f": heartbeat\n\n{sse('added-later', {})}{stream}"))
    with Client(api.url) as client:
        changed, progress, epoch, end = client.events(samples.ID)
    assert isinstance(changed, StatusChange)
    assert changed.error is not None
    assert (changed.attempts, changed.error.type) == (2, "killed")
    assert isinstance(progress, ProgressUpdate)
    assert progress.step == 3
    assert epoch == EpochEnd(epoch=0, seconds=0.1, metrics={"loss": 2.0})
    assert end == StreamEnd(status="succeeded")


def test_broken_stream_continues_after_the_last_epoch(api: CannedApi) -> None:
    start = epoch_event(0, loss=2.0) + epoch_event(1, loss=1.0) + sse("progress", samples.progress())
    rest = epoch_event(2, loss=0.5) + END
    api.on("GET", PATH, Answer(f"{start}event: epoch\ndata: {{}}"), problem(503, "starting"), Answer(rest))
    with Client(api.url) as client:
        events = list(client.events(samples.ID))
    assert [event.kind for event in events] == ["epoch", "epoch", "progress", "epoch", "end"]
    asked = [each.headers.get("last-event-id") for each in api.requests("GET", PATH)]
    assert asked == [None, "1", "1"]


def test_deleted_experiment_ends_the_stream(api: CannedApi) -> None:
    api.on("GET", PATH, Answer(epoch_event(0)), problem(404, "no such experiment"))
    with Client(api.url) as client, pytest.raises(NotFound, match="no such experiment"):
        list(client.events(samples.ID))


def test_failing_first_connection_is_not_retried(api: CannedApi) -> None:
    api.on("GET", PATH, problem(503, "not now"), Answer(END))
    with Client(api.url) as client, pytest.raises(Unavailable, match="not now"):
        list(client.events(samples.ID))
    with Client(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(Unreachable):
        list(client.events(samples.ID))


def test_events_are_read_as_they_are_needed(api: CannedApi) -> None:
    api.on("GET", PATH, Answer(epoch_event(0) + epoch_event(1)))
    with Client(api.url) as client:
        events = client.events(samples.ID)
        assert [event.kind for event in itertools.islice(events, 1)] == ["epoch"]


def test_unreadable_event_is_unexpected() -> None:
    stream = EventStream(samples.ID)
    with pytest.raises(UnexpectedAnswer, match="event epoch has unexpected data"):
        stream.receive(httpx2.ServerSentEvent("epoch", "{}", "0"))


def test_connection_times_out_after_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    stream, error = EventStream(samples.ID), Unreachable("http://127.0.0.1:1", "gone")
    stream.receive(httpx2.ServerSentEvent("progress", _progress()))
    stream.lose_connection(error)
    now = 119.0
    stream.lose_connection(error)
    now = 121.0
    with pytest.raises(Unreachable):
        stream.lose_connection(error)


def test_delays_double_up_to_five_seconds() -> None:
    stream = EventStream(samples.ID)
    assert [stream.next_delay() for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    stream.receive(httpx2.ServerSentEvent("progress", _progress()))
    assert stream.next_delay() == 0.2


def test_changes_resume_behind_the_last_id(api: CannedApi) -> None:
    ready = 'event: ready\nid: 1-0\ndata: {"resumed": false}\n\n'
    deleted = 'event: deleted\nid: 2-0\ndata: {"experiment_id": "A"}\n\n'
    api.on("GET", "/events", Answer(ready), problem(503, "starting"), Answer(deleted))
    with Client(api.url) as client:
        first, second = itertools.islice(client.changes("A", "B", since="0-1"), 2)
    assert (first.kind, first.id, first.data) == ("ready", "1-0", {"resumed": False})
    assert second.data == {"experiment_id": "A"}
    requests = api.requests("GET", "/events")
    assert [each.headers.get("last-event-id") for each in requests] == ["0-1", "1-0", "1-0"]
    assert [each.query for each in requests] == [{"ids": "A,B"}] * 3


def _progress() -> str:
    return json.dumps(samples.progress())
