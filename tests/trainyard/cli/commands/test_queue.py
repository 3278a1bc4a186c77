import json

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi
from tests.trainyard.cli.running import run, words

FIRST, SECOND = samples.ID, samples.OTHER_ID
THIRD = "01K6W7Z8Z4T5V6X7Y8Z9A0B1C4"


def waiting(*ids: str, paused: bool = False) -> Answer:
    return Answer(samples.queue(*(samples.queued(id=each) for each in ids), paused=paused))


def test_queue_shows_priorities_and_times(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/queue", Answer(samples.queue(samples.queued(priority=5, starts_in_seconds=61.0))))
    assert run("queue") == 0
    assert words(capsys.readouterr().out) == [
        "experiment name dataset status priority starts in ends in",
        f"{FIRST} digits-cnn digits queued 5 1 min 01 s unknown",
    ]


def test_queue_says_what_cannot_start(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    reason = "no living worker has a GPU"
    items = (samples.queued(waits_because=reason), samples.queued(id=SECOND), samples.queued(waits_because=reason))
    api.on("GET", "/queue", Answer(samples.queue(*items)))
    assert run("queue") == 0
    assert words(capsys.readouterr().out)[4:] == ["2 experiments held back: no living worker has a GPU"]


def test_paused_queue_says_how_to_resume(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", "/queue:pause", waiting(FIRST, paused=True))
    api.on("POST", "/queue:resume", waiting(FIRST))
    assert run("queue", "pause") == 0
    assert capsys.readouterr().out.startswith("the queue is paused: `trainyard queue resume` starts what waits")
    assert run("queue", "resume", "--json") == 0
    assert json.loads(capsys.readouterr().out)["paused"] is False


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (("--first",), [THIRD]),
        (("--before", SECOND), [FIRST, THIRD]),
        (("--before", FIRST), [THIRD]),
    ],
)
def test_move_names_what_comes_before(api: CannedApi, options: tuple[str, ...], ids: list[str]) -> None:
    api.on("GET", "/queue", waiting(FIRST, SECOND, THIRD))
    api.on("POST", "/queue:reorder", waiting())
    assert run("queue", "move", THIRD, *options) == 0
    (request,) = api.requests("POST", "/queue:reorder")
    assert json.loads(request.body) == {"ids": ids}


def test_move_needs_one_place(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/queue", waiting(FIRST))
    assert run("queue", "move", FIRST) == 2
    assert run("queue", "move", FIRST, "--first", "--before", SECOND) == 2
    assert run("queue", "move", FIRST, "--before", SECOND) == 2
    assert f"{SECOND} is not among the first 1 that wait" in capsys.readouterr().err
