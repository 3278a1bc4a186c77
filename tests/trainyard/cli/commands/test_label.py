import json

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run

PREDICTION = samples.PREDICTION_ID
PATH = f"/predictions/{PREDICTION}/label"


def test_label_is_posted(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", PATH, Answer(samples.LABELED))

    assert run("label", PREDICTION, "9") == 0
    [posted] = api.requests("POST", PATH)
    assert json.loads(posted.body) == {"label": "9"}
    assert capsys.readouterr().out == "9 (predicted: 4 98.1%) was added to digits-corrections\n"
    assert run("label", PREDICTION, "9", "--json") == 0
    assert json.loads(capsys.readouterr().out) == samples.LABELED


def test_expired_id_or_unknown_class_is_rejected(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    errors = [{"pointer": "/label", "detail": "unknown class `nine`"}]
    api.on("POST", PATH, problem(404, "it has expired"), problem(422, "no", errors=errors))

    assert run("label", PREDICTION, "nine") == 3
    assert "it has expired" in capsys.readouterr().err
    assert run("label", PREDICTION, "nine") == 2
    assert "/label: unknown class `nine`" in capsys.readouterr().err


def test_sample_is_relabeled(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    path = f"/experiments/{samples.ID}/samples/training/247/label"
    api.on("POST", path, Answer(samples.LABELED_SAMPLE))

    assert run("relabel", samples.ID, "247", "9", "--split", "training") == 0
    [posted] = api.requests("POST", path)
    assert json.loads(posted.body) == {"label": "9"}
    said = "sample 1684 of digits, labeled 4, was added to digits-corrections as 9\n"
    assert capsys.readouterr().out == said
