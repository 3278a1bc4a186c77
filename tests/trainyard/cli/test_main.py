"""Every command through the front door, against canned answers."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.valkey import free_port
from tests.trainyard.canned_api import Answer, CannedApi, a_record, epoch_event, problem, sse
from trainyard.cli.main import main

ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"
PRESETS = {
    "items": [
        {
            "name": "digits-cnn",
            "title": "A small one",
            "parameters": 85450,
            "spec": {"name": "digits-cnn", "dataset": {"name": "digits"}},
        }
    ],
    "next_cursor": None,
}
HISTORY = {"epoch": [0, 1], "history": {"loss": [2.0, None], "val_loss": [1.5, 1.0]}, "best": None}


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return int(end.value.code or 0)


def ended(status: str, **changes: Any) -> tuple[Answer, Answer]:
    stream = sse("status", {"status": "running"}) + epoch_event(0, loss=1.0) + sse("end", {"status": status})
    return Answer(stream), Answer(a_record(ID, status=status, epochs_completed=1, **changes))


def test_a_preset_is_submitted_by_its_name(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/presets", Answer(PRESETS))
    api.on("POST", "/experiments", Answer(a_record(ID), 202))
    assert run("submit", "digits-cnn", "--idempotency-key", "k") == 0
    (request,) = api.requests("POST", "/experiments")
    assert json.loads(request.body) == PRESETS["items"][0]["spec"]
    assert request.headers["idempotency-key"] == "k"
    assert f"{ID}  digits [small] on digits, queued" in capsys.readouterr().out


def test_a_file_is_submitted(api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("model: {preset: digits-cnn}")
    api.on("POST", "/experiments", Answer(a_record(ID), 202))
    assert run("submit", str(path), "--json") == 0
    assert api.requests("POST", "/experiments")[0].body == path.read_bytes()
    assert json.loads(capsys.readouterr().out) == a_record(ID)


def test_standard_input_is_submitted(api: CannedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"name: tiny")))
    api.on("POST", "/experiments", Answer(a_record(ID), 202))
    assert run("submit", "-") == 0
    assert api.requests("POST", "/experiments")[0].body == b"name: tiny"


def test_a_spec_that_is_nowhere_names_the_presets(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/presets", Answer(PRESETS))
    assert run("submit", "nothing.yaml") == 2
    assert "nothing.yaml is neither a file nor a preset; presets: digits-cnn" in capsys.readouterr().err


def test_an_invalid_spec_tells_each_problem(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/presets", Answer(PRESETS))
    errors = [{"pointer": "/name", "detail": "too long"}, {"pointer": "/model", "detail": "missing"}]
    api.on("POST", "/experiments:validate", problem(422, "invalid", errors=errors))
    assert run("validate", "digits-cnn") == 2
    assert capsys.readouterr().err == "trainyard: /name: too long\n/model: missing\n"


def test_a_valid_spec_shows_its_layers_and_warnings(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/presets", Answer(PRESETS))
    layers = [{"name": "conv2d", "type": "Conv2D", "output_shape": [8, 8, 32], "parameters": 18496}]
    answer = {
        "layers": layers,
        "parameters": {"total": 18496, "trainable": 18000, "non_trainable": 496},
        "steps_per_epoch": 21,
        "estimate": {"seconds": 64.0, "seconds_per_epoch": 1.9, "memory_mb": 1260, "basis": "5 past runs"},
        "warnings": ["flips turn 6 into 9"],
    }
    api.on("POST", "/experiments:validate", Answer(answer))
    assert run("validate", "digits-cnn") == 0
    out = capsys.readouterr().out
    assert "8 x 8 x 32        18,496" in out
    assert "18,496 parameters, 18,000 of them trainable" in out
    assert "21 steps per epoch, 1.9 s" in out
    assert "about 1 min 04 s and 1,260 MB, judging by 5 past runs" in out
    assert "warning: flips turn 6 into 9" in out


def test_watching_a_success_ends_with_its_test_accuracy(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    events, record = ended("succeeded", test_metrics={"accuracy": 0.98})
    api.on("GET", f"/experiments/{ID}/events", events)
    api.on("GET", f"/experiments/{ID}", record)
    assert run("watch", ID) == 0
    out = capsys.readouterr().out
    assert "epoch 1/2  loss 1.0000" in out
    assert "test      accuracy 0.9800" in out


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_watching_what_fails_exits_with_1(api: CannedApi, status: str) -> None:
    events, record = ended(status)
    api.on("POST", "/experiments", Answer(a_record(ID), 202))
    api.on("GET", "/presets", Answer(PRESETS))
    api.on("GET", f"/experiments/{ID}/events", events)
    api.on("GET", f"/experiments/{ID}", record)
    assert run("submit", "digits-cnn", "--watch") == 1


def test_watching_with_json_prints_the_last_record_alone(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    events, record = ended("succeeded")
    api.on("GET", f"/experiments/{ID}/events", events)
    api.on("GET", f"/experiments/{ID}", record)
    assert run("watch", ID, "--json") == 0
    assert json.loads(capsys.readouterr().out) == record.body


def test_a_list_passes_its_filters_on(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    records = [a_record(ID, status="succeeded", best_metrics={"val_accuracy": 0.97})]
    api.on("GET", "/experiments", Answer({"items": records, "next_cursor": "c"}))
    assert run("list", "--status", "succeeded", "--tag", "t", "--sort", "-val_accuracy", "--limit", "1") == 0
    query = api.requests("GET", "/experiments")[0].query
    assert query == {"status": "succeeded", "tag": "t", "sort": "-val_accuracy", "limit": "1"}
    out = capsys.readouterr().out
    assert f"{ID}  digits [small]" in out
    assert "0.9700" in out
    assert "there are more than 1" in out


def test_show_history_and_presets_are_tables(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{ID}", Answer(a_record(ID)))
    api.on("GET", f"/experiments/{ID}/history", Answer(HISTORY))
    api.on("GET", "/presets", Answer(PRESETS))
    assert [run("show", ID), run("history", ID, "--since", "-1"), run("presets")] == [0, 0, 0]
    out = capsys.readouterr().out
    assert "digits [small] on digits" in out
    assert "1      not finite    1.0000" in out
    assert "85,450" in out
    assert api.requests("GET", f"/experiments/{ID}/history")[0].query == {"since": "-1"}


def test_show_tells_curves_figures_mistakes_and_diagnosis(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    matrix = {"labels": ["4", "9"], "matrix": [[5, 1], [0, 6]]}
    figures = {"accuracy": 0.9, "top_3_accuracy": 1.0, "balanced_accuracy": 0.9, "loss": 0.2, "macro": {"f1": 0.8}}
    evaluations = [
        Answer({"split": split, **figures, "confusion_matrix": matrix})
        for split in ("training", "validation", "test", "test")
    ]
    guesses = [{"label": "9", "probability": 0.7}, {"label": "4", "probability": 0.3}]
    mistake = {"index": 7, "true": {"label": "4"}, "top": guesses, "suspect": True}
    finding = {"rule": "healthy", "severity": "info", "sentence": "Nothing is wrong.", "suggestion": None}
    history = {"epoch": [0, 1], "history": {"val_loss": [0.5, 0.25]}, "best": None}
    api.on("GET", f"/experiments/{ID}", Answer(a_record(ID, status="succeeded", epochs_completed=2)))
    api.on("GET", f"/experiments/{ID}/history", Answer(history))
    api.on("GET", f"/experiments/{ID}/evaluation", *evaluations)
    api.on("GET", f"/experiments/{ID}/mistakes", Answer({"items": [mistake]}))
    api.on("GET", f"/experiments/{ID}/diagnosis", Answer({"items": [finding]}))
    assert run("show", ID) == 0
    told = "accuracy 0.9000  top_3_accuracy 1.0000  balanced_accuracy 0.9000  loss 0.2000  macro_f1 0.8000"
    assert capsys.readouterr().out.splitlines()[-17:] == [
        "",
        "curves",
        "  val_loss      █▁  0.5000 to 0.2500",
        "",
        "evaluation",
        f"  training    {told}",
        f"  validation  {told}",
        f"  test        {told}",
        "",
        "confused",
        "  4 taken for 9: 1 of 6",
        "",
        "surest mistakes",
        "  sample 7, 4: 9 70.0%, 4 30.0%; probably mislabelled",
        "",
        "diagnosis",
        "  info: Nothing is wrong.",
    ]
    asked = [request.query.get("split", "test") for request in api.requests("GET", f"/experiments/{ID}/evaluation")]
    assert asked == ["training", "validation", "test", "test"]
    assert api.requests("GET", f"/experiments/{ID}/mistakes")[0].query == {"limit": "5"}


def test_show_says_what_it_cannot_tell(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{ID}", Answer(a_record(ID, epochs_completed=1)))
    api.on("GET", f"/experiments/{ID}/history", problem(409, "history.jsonl is damaged"))
    api.on("GET", f"/experiments/{ID}/diagnosis", problem(404, "dataset flowers was deleted"))
    assert run("show", ID) == 0
    out = capsys.readouterr().out
    assert "curves\n  history.jsonl is damaged\n" in out
    assert "diagnosis\n  dataset flowers was deleted\n" in out


def test_history_as_csv_is_the_api_s(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{ID}/history", Answer("epoch,loss\n0,2.0\n"))
    assert run("history", ID, "--csv") == 0
    assert capsys.readouterr().out == "epoch,loss\n0,2.0\n"
    assert api.requests("GET", f"/experiments/{ID}/history")[0].headers["accept"] == "text/csv"


@pytest.mark.parametrize(
    ("command", "path"), [("show", ""), ("history", "/history"), ("watch", ""), ("cancel", ":cancel")]
)
def test_what_is_not_there_exits_with_3(api: CannedApi, command: str, path: str) -> None:
    api.on("POST" if command == "cancel" else "GET", f"/experiments/{ID}{path}", problem(404, "no such experiment"))
    assert run(command, ID) == 3


def test_what_is_rejected_exits_with_4(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("DELETE", f"/experiments/{ID}", problem(409, "it is running: cancel it first"))
    assert run("delete", ID) == 4
    assert capsys.readouterr().err == "trainyard: it is running: cancel it first\n"


def test_what_is_not_ready_exits_with_5(api: CannedApi, tmp_path: Path) -> None:
    image = tmp_path / "four.png"
    image.write_bytes(b"an image")
    api.on("POST", "/predict", problem(503, "no model yet: train one first"))
    assert run("predict", str(image)) == 5


def test_nobody_there_exits_with_5(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--url", f"http://127.0.0.1:{free_port()}") == 5
    assert "start one with `trainyard up`" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["lst"], ["show"], ["list", "--limit", "0"], ["predict", "not-there.png"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert run(*arguments) == 2


def test_cancel_and_delete_say_what_became_of_it(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", f"/experiments/{ID}:cancel", Answer(a_record(ID, status="running"), 202))
    api.on("DELETE", f"/experiments/{ID}", Answer(status=204))
    assert [run("cancel", ID), run("delete", ID, "--force")] == [0, 0]
    assert capsys.readouterr().out.splitlines() == [f"{ID} is cancelled at its next batch", f"{ID} is deleted"]


def test_predictions_are_a_line_for_each_image(
    api: CannedApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = tmp_path / "four.png"
    image.write_bytes(b"an image")
    top = [{"label": "4", "index": 4, "probability": 0.981}, {"label": "9", "index": 9, "probability": 0.015}]
    answer = {
        "model": {"experiment_id": ID, "name": "digits-cnn"},
        "predictions": [
            {"id": "01K6W5B1N2P3Q4R5S6T7V8W9X0", "filename": "four.png", "top": top, "verdict": "not_a_digit"}
        ],
    }
    api.on("POST", "/predict", Answer(answer))
    assert run("predict", str(image), "--top", "2") == 0
    assert (
        capsys.readouterr().out.splitlines()[0] == "four.png: 4 98.1%, 9 1.5%  not a digit  01K6W5B1N2P3Q4R5S6T7V8W9X0"
    )


def test_the_help_tells_what_the_exit_statuses_mean(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    assert "4 rejected in this state" in " ".join(capsys.readouterr().out.split())
