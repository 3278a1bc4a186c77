import json

import pytest

from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.test_main import run

PREDICTION = "01K6W5B1N2P3Q4R5S6T7V8W9X0"
PATH = f"/predictions/{PREDICTION}/label"
CORRECTED = {
    "prediction_id": PREDICTION,
    "experiment_id": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2",
    "predicted": "4",
    "probability": 0.981,
    "label": "9",
    "dataset": "digits-corrections",
}


def test_the_right_answer_is_told(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", PATH, Answer(CORRECTED))

    assert run("label", PREDICTION, "9") == 0
    [told] = api.requests("POST", PATH)
    assert json.loads(told.body) == {"label": "9"}
    assert capsys.readouterr().out == "9 (predicted: 4 98.1%) has gone to digits-corrections\n"
    assert run("label", PREDICTION, "9", "--json") == 0
    assert json.loads(capsys.readouterr().out) == CORRECTED


def test_a_forgotten_prediction_and_an_unknown_class_are_told(
    api: CannedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = [{"pointer": "/label", "detail": "unknown class `nine`"}]
    api.on("POST", PATH, problem(404, "it is forgotten"), problem(422, "no", errors=errors))

    assert run("label", PREDICTION, "nine") == 3
    assert "it is forgotten" in capsys.readouterr().err
    assert run("label", PREDICTION, "nine") == 2
    assert "/label: unknown class `nine`" in capsys.readouterr().err
