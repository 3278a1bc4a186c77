"""Comparing through the front door, against canned answers."""

import json
from typing import Any

import pytest

from tests.trainyard.canned_api import Answer, CannedApi, a_record, problem
from trainyard.cli.main import main

FIRST, OTHER = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2", "01K6W4Q2M7N8P9R0S1T2V3W4X5"
COMPARED: dict[str, Any] = {
    "id": FIRST,
    "name": "plain [a]",
    "patch": [],
    "changed": "",
    "loss": 0.11,
    "accuracy": 0.9667,
    "accuracy_interval": [0.9472, 0.9833],
    "top_3_accuracy": 0.9972,
    "macro_f1": 0.9665,
    "calibration_error": 0.012,
    "parameters": 85450,
    "epochs": 10,
    "seconds": 7.42,
}
FLIP = {
    "index": 247,
    "sample": 1684,
    "true": {"label": "four", "index": 4},
    "first": {"label": "six", "index": 6, "probability": 0.71},
    "other": {"label": "four", "index": 4, "probability": 0.88},
    "image": f"/experiments/{FIRST}/samples/test/247.png",
}
COMPARISON = {
    "split": "test",
    "dataset": "digits",
    "samples": 1360,
    "experiments": [
        COMPARED,
        {**COMPARED, "id": OTHER, "name": "dropout", "changed": "Dropout added at model.layers.6", "parameters": None},
    ],
    "pairs": [
        {
            "first": FIRST,
            "other": OTHER,
            "verdict": "dropout is better than plain [a] by 2.22 points",
            "fixed": {"items": [FLIP], "total": 8},
            "regressed": {"items": [], "total": 0},
        }
    ],
    "curves": {
        "epoch": [0, 1],
        "history": {"val_accuracy": [[0.3, 0.6], [0.5, None]], "loss": [[2.0, 1.0], [1.5, 1.0]]},
    },
}
STEP: dict[str, Any] = {
    "id": FIRST,
    "name": "plain",
    "status": "succeeded",
    "accuracy": 0.9667,
    "accuracy_gain": None,
    "changed": None,
}
LINEAGE = {
    "items": [
        STEP,
        {**STEP, "id": OTHER, "accuracy": 0.9889, "accuracy_gain": 0.0222, "changed": "training.epochs: 2 -> 5"},
    ],
    "summary": "96.7 % -> 98.9 %",
    "note": None,
    "children": [{"id": FIRST[::-1], "name": "next", "status": "running"}],
}


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return int(end.value.code or 0)


def words(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_experiments_are_compared_by_the_ends_of_their_ids(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/experiments", Answer({"items": [a_record(FIRST), a_record(OTHER)], "next_cursor": None}))
    api.on("GET", "/compare", Answer(COMPARISON))

    assert run("compare", "B1C2", "w4x5", "--limit", "1", "--split", "validation") == 0

    (request,) = api.requests("GET", "/compare")
    assert request.query == {"ids": f"{FIRST},{OTHER}", "split": "validation", "limit": "1"}
    lines = words(capsys.readouterr().out)
    assert "digits, test, 1,360 samples plain [a] dropout" in lines
    assert "95 % interval 0.9472 to 0.9833 0.9472 to 0.9833" in lines
    assert "calibration error 0.0120 0.0120" in lines
    assert "parameters 85,450 unknown" in lines
    assert "seconds 7.4 7.4" in lines
    assert "val_accuracy ▁█ ▁" in lines
    assert not any(line.startswith("loss ▁") for line in lines)
    assert "dropout is better than plain [a] by 2.22 points" in lines
    assert "changed: Dropout added at model.layers.6" in lines
    assert "fixed, 1 of 8 true first other image" in lines
    assert f"247 four six 71% four 88% {FLIP['image']}" in lines
    assert not any(line.startswith("regressed") for line in lines)


def test_a_comparison_for_scripts_is_the_api_s_json(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/compare", Answer(COMPARISON))

    assert run("compare", FIRST, OTHER, "--json") == 0

    assert json.loads(capsys.readouterr().out) == COMPARISON


def test_what_cannot_be_compared_is_rejected_with_the_reason(
    api: CannedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.on("GET", "/compare", problem(409, "plain is on digits, dropout on mnist"))

    assert run("compare", FIRST, OTHER) == 4

    assert "plain is on digits, dropout on mnist" in capsys.readouterr().err


def test_a_lineage_shows_each_step_and_what_follows(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{OTHER}/lineage", Answer(LINEAGE))

    assert run("lineage", OTHER) == 0

    lines = words(capsys.readouterr().out)
    assert lines[0] == "96.7 % -> 98.9 %"
    assert f"{FIRST} plain succeeded 0.9667" in lines
    assert f"{OTHER} plain succeeded 0.9889 +0.0222 training.epochs: 2 -> 5" in lines
    assert lines[-1] == f"based on it: {FIRST[::-1]} next, running"


def test_a_lineage_says_why_it_begins_late_and_what_has_no_accuracy(
    api: CannedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = {**STEP, "status": "queued", "accuracy": None}
    note = f"{FIRST} is based on {OTHER}, which has been deleted"
    api.on(
        "GET",
        f"/experiments/{FIRST}/lineage",
        Answer({"items": [waiting], "summary": "queued", "note": note, "children": None}),
    )

    assert run("lineage", FIRST) == 0

    lines = words(capsys.readouterr().out)
    assert lines[:2] == ["queued", note]
    assert lines[-1] == f"{FIRST} plain queued"
    assert run("lineage", FIRST, "--json") == 0
    assert json.loads(capsys.readouterr().out)["note"] == note
