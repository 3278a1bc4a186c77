import io
import json
import sys
from pathlib import Path

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import ended, run

ID = samples.ID


def test_preset_is_submitted_by_its_name(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/presets", Answer(samples.PRESETS))
    api.on("POST", "/experiments", Answer(samples.experiment(), 202))
    assert run("submit", "digits-cnn", "--idempotency-key", "k") == 0
    (request,) = api.requests("POST", "/experiments")
    assert json.loads(request.body) == samples.PRESET["spec"]
    assert request.headers["idempotency-key"] == "k"
    assert capsys.readouterr().out.splitlines() == [
        f"{ID}  digits [small] on digits, queued",
        f"follow it with: trainyard watch {ID}",
    ]


def test_file_is_submitted(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("model: {preset: digits-cnn}")
    api.on("POST", "/experiments", Answer(samples.experiment(), 202))
    assert run("submit", str(path), "--json") == 0
    assert api.requests("POST", "/experiments")[0].body == path.read_bytes()
    assert json.loads(capsys.readouterr().out) == samples.experiment()


def test_standard_input_is_submitted(api: CannedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"name: tiny")))
    api.on("POST", "/experiments", Answer(samples.experiment(), 202))
    assert run("submit", "-") == 0
    assert api.requests("POST", "/experiments")[0].body == b"name: tiny"


def test_unknown_spec_is_rejected_with_the_presets(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/presets", Answer(samples.PRESETS))
    assert run("submit", "nothing.yaml") == 2
    assert "nothing.yaml is neither a file nor a preset; presets: digits-cnn" in capsys.readouterr().err


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_submit_and_watch_exits_with_1_on_failure(api: CannedApi, status: str) -> None:
    events, record = ended(status)
    api.on("POST", "/experiments", Answer(samples.experiment(), 202))
    api.on("GET", "/presets", Answer(samples.PRESETS))
    api.on("GET", f"/experiments/{ID}/events", events)
    api.on("GET", f"/experiments/{ID}", record)
    assert run("submit", "digits-cnn", "--watch") == 1


def test_invalid_spec_shows_each_problem(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/presets", Answer(samples.PRESETS))
    errors = [{"pointer": "/name", "detail": "too long"}, {"pointer": "/model", "detail": "missing"}]
    api.on("POST", "/experiments:validate", problem(422, "invalid", errors=errors))
    assert run("validate", "digits-cnn") == 2
    assert capsys.readouterr().err == "trainyard: /name: too long\n/model: missing\n"


def test_valid_spec_shows_layers_cost_and_warnings(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/presets", Answer(samples.PRESETS))
    api.on("POST", "/experiments:validate", Answer(samples.VALIDATION))
    assert run("validate", "digits-cnn") == 0
    out = capsys.readouterr().out
    assert "8 x 8 x 32        18,496" in out
    assert "18,496 parameters, 18,000 of them trainable" in out
    assert "21 steps per epoch, 1.9 s" in out
    assert "about 1 min 04 s (32 s to 2 min 10 s) and 1,260 MB, judging by 5 past runs" in out
    assert "warning: flips turn 6 into 9" in out


def test_presets_are_listed(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/presets", Answer(samples.PRESETS))
    assert [run("presets"), run("presets", "--json")] == [0, 0]
    table, document = capsys.readouterr().out.split("{", 1)
    assert table.splitlines()[1].split() == ["digits-cnn", "digits", "85,450", "A", "small", "one"]
    assert json.loads("{" + document) == samples.PRESETS


def test_continue_queues_the_remaining_epochs(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", "/experiments", Answer(samples.experiment(), 202))
    assert run("continue", samples.OTHER_ID, "--epochs", "20", "--learning-rate", "0.0005") == 0
    (request,) = api.requests("POST", "/experiments")
    training = {"epochs": 20, "optimizer": {"learning_rate": 0.0005}}
    assert json.loads(request.body) == {"continue_from": samples.OTHER_ID, "training": training}
    assert capsys.readouterr().out.splitlines()[-1] == f"follow it with: trainyard watch {ID}"


@pytest.mark.parametrize(
    ("options", "sent"), [(["--private"], "true"), (["--public"], "false"), (["--private", "--repeats", "2"], "true")]
)
def test_submission_says_who_may_see_it(api: CannedApi, tmp_path: Path, options: list[str], sent: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("name: tiny")
    group = {"id": ID, "experiments": [samples.experiment(private=True)]}
    api.on("POST", "/experiments", Answer(group if "--repeats" in options else samples.experiment(), 202))

    run("submit", str(path), *options)

    (request,) = api.requests("POST", "/experiments")
    assert request.query["private"] == sent
