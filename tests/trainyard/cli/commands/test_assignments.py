"""`trainyard assignment`."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.openapi import recorded_examples
from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run

EXAMPLES = recorded_examples()
ID = EXAMPLES["create_assignment"]["id"]


def test_assignment_is_created_from_a_file(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "task.yaml"
    file.write_text("class: biology-7b\n")
    api.on("POST", "/assignments", Answer(EXAMPLES["create_assignment"], 201))

    assert run("assignment", "create", str(file)) == 0

    (request,) = api.requests("POST", "/assignments")
    assert request.body == b"class: biology-7b\n"
    printed = capsys.readouterr().out
    assert "Fewer errors, for class biology-7b" in printed
    assert "its test split is sealed" in printed


def test_assignments_are_shown(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/assignments", Answer(EXAMPLES["list_assignments"]))
    api.on("GET", f"/assignments/{ID}", Answer(EXAMPLES["get_assignment"]))

    assert run("assignment") == run("assignment", "show", ID) == 0

    printed = capsys.readouterr().out
    assert ID in printed
    assert "spent" in printed


def test_deadline_is_local_time(api: CannedApi) -> None:
    api.on("PATCH", f"/assignments/{ID}", Answer(EXAMPLES["edit_assignment"]))

    assert run("assignment", "deadline", ID, "2027-03-01 18:00") == 0

    (request,) = api.requests("PATCH", f"/assignments/{ID}")
    deadline = json.loads(request.body)["deadline"]
    assert deadline.startswith("2027-03-01T18:00:00")
    assert deadline[19] in "+-"


def test_deadline_is_moved_to_a_time_as_shown(api: CannedApi) -> None:
    api.on("PATCH", f"/assignments/{ID}", Answer(EXAMPLES["edit_assignment"]))

    for shown in ("2027-03-01T18:00:00Z", "2027-03-01T18:00:00.000001Z", "2027-03-01T19:00:00+01:00"):
        assert run("assignment", "deadline", ID, shown) == 0

    moved = {json.loads(each.body)["deadline"] for each in api.requests("PATCH", f"/assignments/{ID}")}
    assert {datetime.fromisoformat(each).replace(microsecond=0) for each in moved} == {
        datetime(2027, 3, 1, 18, tzinfo=UTC)
    }


def test_submission_says_how_many_are_left(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", f"/assignments/{ID}/submissions", Answer(EXAMPLES["create_submission"], 201))

    assert run("assignment", "submit", ID, samples.ID) == 0

    (request,) = api.requests("POST", f"/assignments/{ID}/submissions")
    assert json.loads(request.body) == {"experiment": samples.ID}
    assert "submissions left: 4" in capsys.readouterr().out


def test_broken_rules_are_printed(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    errors = [{"pointer": "/experiment", "detail": "it is queued", "received": samples.ID}]
    api.on("POST", f"/assignments/{ID}/submissions", problem(422, "1 problem", errors=errors))

    assert run("assignment", "submit", ID, samples.ID) == 2
    assert "it is queued" in capsys.readouterr().err


def test_leaderboard_has_intervals_and_ties(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    board = EXAMPLES["get_leaderboard"]
    tied = {**board, "items": [{**each, "rank": 1, "is_tied": True} for each in board["items"]]}
    api.on("GET", f"/assignments/{ID}/leaderboard", Answer(tied))
    api.on("GET", f"/assignments/{ID}/submissions", Answer(EXAMPLES["list_submissions"]))

    assert run("assignment", "leaderboard", ID) == run("assignment", "submissions", ID) == 0

    printed = capsys.readouterr().out
    assert "accuracy on the final half" in printed
    assert printed.count("no difference is shown") >= 2
    assert " to " in printed
