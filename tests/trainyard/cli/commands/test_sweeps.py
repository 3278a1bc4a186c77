import json
from pathlib import Path
from typing import Any

import pytest

from api.openapi import recorded_examples
from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run, words

EXAMPLES = recorded_examples()
ENDED: dict[str, Any] = EXAMPLES["get_sweep"]
ID = ENDED["id"]
RUNNING = {**ENDED, "status": "running", "trials": ENDED["trials"][:1], "conclusion": None, "repeated": []}


def test_sweep_is_started_and_watched(
    api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainyard.cli.commands.sweeps._POLL_SECONDS", 0.0)
    (tmp_path / "sweep.yaml").write_text("trials: 3")
    api.on("POST", "/sweeps", Answer(RUNNING, 202))
    api.on("GET", f"/sweeps/{ID}", Answer(RUNNING), Answer(RUNNING), Answer(ENDED))

    assert run("sweep", str(tmp_path / "sweep.yaml"), "--watch") == 0

    (request,) = api.requests("POST", "/sweeps")
    assert request.body == b"trials: 3"
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[:2] for line in printed[:-1]] == [
        ["trial", str(each["number"])] for each in ENDED["trials"]
    ], "each trial once"
    assert printed[-1] == f"succeeded: {ENDED['conclusion']}"


def test_failed_sweep_has_exit_status_1(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sweep.yaml").write_text("trials: 3")
    failed = {**ENDED, "status": "failed", "conclusion": "none of the 3 trials has succeeded"}
    api.on("POST", "/sweeps", Answer(failed, 202))
    api.on("GET", f"/sweeps/{ID}", Answer(failed))

    assert run("sweep", "--watch", str(tmp_path / "sweep.yaml")) == 1
    assert "failed: none of the 3 trials has succeeded" in capsys.readouterr().out


def test_dry_run_shows_the_plan(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sweep.yaml").write_text("trials: 3")
    api.on("POST", "/sweeps", Answer(EXAMPLES["create_sweep?dry_run=true"]))

    assert run("sweep", str(tmp_path / "sweep.yaml"), "--dry-run") == 0

    (request,) = api.requests("POST", "/sweeps")
    assert request.query == {"dry_run": "true"}
    printed = words(capsys.readouterr().out)
    assert printed[0] == "grid, 3 trials of 3 points"
    assert "training.batch_size 16, 32, 100000" in printed
    assert "1 of 3 checked points have no valid spec" in printed


def test_missing_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sweep", "nowhere.yaml") == 2
    assert "cannot read nowhere.yaml: No such file" in capsys.readouterr().err


def test_sweeps_are_listed(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/sweeps", Answer(EXAMPLES["list_sweeps"]))
    assert run("sweep") == 0
    assert run("sweep", "list") == 0
    listed = words(capsys.readouterr().out)
    assert listed[1].startswith(f"{ID} batch sizes succeeded grid")


def test_sweep_is_shown_by_the_end_of_its_id(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/sweeps", Answer(EXAMPLES["list_sweeps"]))
    api.on("GET", f"/sweeps/{ID}", Answer(ENDED))

    assert run("sweep", "show", ID[-5:]) == 0

    printed = words(capsys.readouterr().out)
    assert printed[1] == ENDED["conclusion"]
    assert any(line.startswith("trial status val_accuracy epochs training.batch_size") for line in printed)
    assert any(line.startswith("repeated n mean sd") for line in printed)
    assert run("sweep", "show", "zzzzz") == 3


def test_trials_are_printed_as_csv(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/sweeps/{ID}/trials.csv", Answer(b"number,status\n0,succeeded\n"))
    assert run("sweep", "show", ID, "--csv") == 0
    assert capsys.readouterr().out == "number,status\n0,succeeded\n"


def test_spec_of_the_best_trial_is_printed(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/sweeps/{ID}", Answer(ENDED))
    best = ENDED["best"]["experiment_id"]
    api.on("GET", f"/experiments/{best}", Answer(samples.experiment(best)))

    assert run("sweep", "best", ID, "--spec") == 0

    assert json.loads(capsys.readouterr().out) == {"training": {"epochs": 2}}


def test_sweep_without_a_best_trial_says_so(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/sweeps/{ID}", Answer({**RUNNING, "best": None}))
    assert run("sweep", "best", ID) == 2
    assert "no trial has succeeded" in capsys.readouterr().err


def test_budget_is_changed(api: CannedApi) -> None:
    api.on("PATCH", f"/sweeps/{ID}", Answer(RUNNING))
    assert run("sweep", "edit", ID, "--trials", "60", "--continue") == 0
    (request,) = api.requests("PATCH", f"/sweeps/{ID}")
    assert json.loads(request.body) == {"trials": 60, "paused": False}


def test_sweep_is_cancelled(api: CannedApi) -> None:
    api.on("POST", f"/sweeps/{ID}:cancel", Answer(RUNNING, 202), problem(409, "it has ended"))
    assert run("sweep", "cancel", ID) == 0
    assert run("sweep", "cancel", ID) == 4


def test_trial_is_resumed(api: CannedApi) -> None:
    api.on("POST", f"/sweeps/{ID}/trials/3:resume", Answer(RUNNING, 202))
    assert run("sweep", "resume", ID, "3") == 0


def test_sweep_is_deleted_with_its_trials(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("DELETE", f"/sweeps/{ID}", Answer(status=204))
    options: tuple[list[str], ...] = ([], ["--trials"], ["--trials", "--force"])
    assert [run("sweep", "delete", ID, *each) for each in options] == [0, 0, 0]
    assert [each.query for each in api.requests("DELETE", f"/sweeps/{ID}")] == [
        {"trials": "false", "force": "false"},
        {"trials": "true", "force": "false"},
        {"trials": "true", "force": "true"},
    ]
    assert capsys.readouterr().out.splitlines() == [
        f"{ID} is deleted; its trials stay",
        *[f"{ID} is deleted with its trials"] * 2,
    ]


def test_key_is_sent_with_the_sweep(api: CannedApi, tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text("trials: 3")
    api.on("POST", "/sweeps", Answer(RUNNING, 202))
    assert run("sweep", str(path), "--idempotency-key", "k") == 0
    assert api.requests("POST", "/sweeps")[0].headers["idempotency-key"] == "k"


def test_sweep_says_that_it_is_private(api: CannedApi, tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text("trials: 3")
    api.on("POST", "/sweeps", Answer(RUNNING, 202))

    assert run("sweep", str(tmp_path / "sweep.yaml"), "--private") == 0

    (request,) = api.requests("POST", "/sweeps")
    assert request.query == {"private": "true"}
