import json

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run, words

FIRST, OTHER = samples.ID, samples.OTHER_ID


def test_comparison_shows_metrics_curves_and_flips(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    page = samples.items(samples.experiment(FIRST), samples.experiment(OTHER))
    api.on("GET", "/experiments", Answer(page))
    api.on("GET", "/compare", Answer(samples.COMPARISON))

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
    assert f"247 four six 71% four 88% {samples.FLIP['image']}" in lines
    assert not any(line.startswith("regressed") for line in lines)


def test_comparison_json_is_that_of_the_api(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/compare", Answer(samples.COMPARISON))

    assert run("compare", FIRST, OTHER, "--json") == 0

    assert json.loads(capsys.readouterr().out) == samples.COMPARISON


def test_incomparable_experiments_are_rejected(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/compare", problem(409, "plain is on digits, dropout on mnist"))

    assert run("compare", FIRST, OTHER) == 4

    assert "plain is on digits, dropout on mnist" in capsys.readouterr().err


def test_lineage_shows_each_step_and_children(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{OTHER}/lineage", Answer(samples.LINEAGE))

    assert run("lineage", OTHER) == 0

    lines = words(capsys.readouterr().out)
    assert lines[0] == "96.7 % -> 98.9 %"
    assert f"{FIRST} plain succeeded 0.9667" in lines
    step = lines.index(f"{OTHER} plain succeeded 0.9889 +0.0222 training.epochs: 2 -> 5")
    assert lines[step + 1] == "longer"
    assert lines[-1] == f"based on it: {FIRST[::-1]} next, running"


def test_lineage_shows_its_note_and_unknown_accuracy(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    waiting = {**samples.STEP, "status": "queued", "accuracy": None}
    note = f"{FIRST} is based on {OTHER}, which has been deleted"
    lineage = {"items": [waiting], "summary": "queued", "note": note, "children": None}
    api.on("GET", f"/experiments/{FIRST}/lineage", Answer(lineage))

    assert run("lineage", FIRST) == 0

    lines = words(capsys.readouterr().out)
    assert lines[:2] == ["queued", note]
    assert lines[-1] == f"{FIRST} plain queued"
    assert run("lineage", FIRST, "--json") == 0
    assert json.loads(capsys.readouterr().out) == lineage


def test_reproduce_says_how_to_compare(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", f"/experiments/{FIRST}:reproduce", Answer(samples.experiment(OTHER, status="queued"), 202))

    assert run("reproduce", FIRST) == 0

    assert capsys.readouterr().out.splitlines() == [OTHER, f"when it has succeeded: trainyard reproduction {OTHER}"]


def test_reproduction_shows_what_differed(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    found = {
        "original": FIRST,
        "again": OTHER,
        "outcome": "within_noise",
        "summary": "The weights differ; no significant difference: again is level with plain.",
        "differences": ["device: AMD EPYC -> NVIDIA H200"],
        "advice": None,
    }
    api.on("GET", f"/experiments/{OTHER}/reproduction", Answer(found))

    assert run("reproduction", OTHER) == 0

    assert capsys.readouterr().out.splitlines() == [
        "within noise: The weights differ; no significant difference: again is level with plain.",
        "device: AMD EPYC -> NVIDIA H200",
    ]
