import itertools

import pytest

from tests.support.valkey import free_port
from tests.trainyard.canned_api import Answer, CannedApi, epoch_event, problem, sse
from trainyard.client import Client
from trainyard.errors import ApiError, Unreachable
from trainyard.event_stream import Event, parse_events


def test_events_are_read_with_comments_and_lines_of_data() -> None:
    lines = [
        ": heartbeat",
        "",
        "event: epoch",
        "id: 3",
        'data: {"epoch":',
        "data: 3}",
        "",
        "event: cut off",
        "data: {}",
    ]
    assert list(parse_events(lines)) == [Event("epoch", {"epoch": 3}, "3")]


def test_a_stream_that_breaks_goes_on_behind_the_last_epoch(api: CannedApi) -> None:
    begin = epoch_event(0, loss=2.0) + epoch_event(1, loss=1.0) + sse("progress", {"phase": "training"})
    rest = epoch_event(2, loss=0.5) + sse("end", {"status": "succeeded"})
    api.on("GET", "/experiments/X/events", Answer(begin), problem(503, "starting"), Answer(rest))
    with Client(api.url) as client:
        events = list(client.events("X"))
    assert [event.kind for event in events] == ["epoch", "epoch", "progress", "epoch", "end"]
    asked = [each.headers.get("last-event-id") for each in api.requests("GET", "/experiments/X/events")]
    assert asked == [None, "1", "1"]


def test_an_experiment_that_vanishes_ends_the_stream(api: CannedApi) -> None:
    api.on("GET", "/experiments/X/events", Answer(epoch_event(0)), problem(404, "no experiment X"))
    with Client(api.url) as client, pytest.raises(ApiError, match="no experiment X"):
        list(client.events("X"))


def test_a_first_connection_that_fails_is_not_tried_again(api: CannedApi) -> None:
    api.on("GET", "/experiments/X/events", problem(503, "not now"), Answer(sse("end", {})))
    with Client(api.url) as client, pytest.raises(ApiError, match="not now"):
        list(client.events("X"))
    with Client(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(Unreachable):
        list(client.events("X"))


def test_events_come_as_they_are_asked_for(api: CannedApi) -> None:
    api.on("GET", "/experiments/X/events", Answer(epoch_event(0) + epoch_event(1)))
    with Client(api.url) as client:
        events = client.events("X")
        assert [event.id for event in itertools.islice(events, 1)] == ["0"]
