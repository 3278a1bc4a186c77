import json

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi
from tests.trainyard.cli.running import ended, run, words

ID, OTHER_ID = samples.ID, samples.OTHER_ID
INTERVAL = {"n": 2, "mean": 0.91, "sd": 0.01, "low": 0.8202, "high": 0.9998}
GROUP = {
    "id": ID,
    "name": "tiny",
    "dataset": "digits",
    "repeats": 2,
    "counts": {"succeeded": 2},
    "metrics": {"val_accuracy": INTERVAL},
    "sentence": "val_accuracy 0.9100 ± 0.0100 (95 % interval 0.8202 to 0.9998, 2 seeds)",
    "items": [
        {"experiment_id": ID, "seed": 0, "status": "succeeded", "metrics": {"val_accuracy": 0.9}},
        {"experiment_id": OTHER_ID, "seed": 1, "status": "succeeded", "metrics": {"val_accuracy": 0.92}},
    ],
}


def test_repeats_are_submitted_and_watched(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/presets", Answer(samples.PRESETS))
    api.on("POST", "/experiments", Answer(GROUP, 202))
    for each in (ID, OTHER_ID):
        events, record = ended("succeeded")
        api.on("GET", f"/experiments/{each}/events", events)
        api.on("GET", f"/experiments/{each}", record)
    api.on("GET", f"/groups/{ID}", Answer(GROUP))
    assert run("submit", "digits-cnn", "--repeats", "2", "--watch") == 0
    assert api.requests("POST", "/experiments")[0].query == {"repeats": "2"}
    shown = words(capsys.readouterr().out)
    assert shown[0] == "tiny on digits, 2 repeats"
    assert f"{OTHER_ID} 1 succeeded 0.9200" in shown
    assert shown[-1] == "val_accuracy 2 0.9100 0.0100 0.8202 to 0.9998"


def test_group_is_found_by_any_of_its_runs(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{OTHER_ID}", Answer(samples.experiment(id=OTHER_ID, group=ID, repeats=2)))
    api.on("GET", f"/groups/{ID}", Answer(GROUP))
    assert run("group", OTHER_ID, "--json") == 0
    assert json.loads(capsys.readouterr().out) == GROUP


def test_run_without_repeats_is_wrong_usage(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{ID}", Answer(samples.experiment()))
    assert run("group", ID) == 2
    assert "has no repeats" in capsys.readouterr().err
