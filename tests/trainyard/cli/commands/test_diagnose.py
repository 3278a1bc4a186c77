import json
from typing import Any

import pytest

from tests.trainyard.canned_api import Answer, CannedApi, a_record
from tests.trainyard.cli.test_main import ID, run

PATCH = {"based_on": ID, "training": {"epochs": 30}}
FINDINGS: dict[str, Any] = {
    "items": [
        {
            "rule": "too-many-epochs",
            "severity": "info",
            "sentence": "After about epoch 20 nothing was gained.",
            "evidence": {"epoch": 19},
            "suggestion": {"sentence": "Train for 30 epochs.", "patch": PATCH},
        },
        {"rule": "slow-start", "severity": "info", "sentence": "Slow.", "evidence": {}, "suggestion": None},
    ],
    "next_cursor": None,
}


@pytest.fixture
def diagnosed(api: CannedApi) -> CannedApi:
    api.on("GET", f"/experiments/{ID}/diagnosis", Answer(FINDINGS))
    api.on("POST", "/experiments", Answer(a_record("01K6W3E8Z4T5V6X7Y8Z9A0B1C3"), 202))
    return api


def test_findings_are_told_with_evidence_and_suggestion(
    diagnosed: CannedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("diagnose", ID) == 0
    assert capsys.readouterr().out.splitlines() == [
        "info: too-many-epochs",
        "  After about epoch 20 nothing was gained.",
        '  evidence: {"epoch": 19}',
        "  suggestion: Train for 30 epochs.",
        f"  patch: {json.dumps(PATCH)}",
        "info: slow-start",
        "  Slow.",
        "  evidence: {}",
    ]
    assert run("diagnose", ID, "--json") == 0
    assert json.loads(capsys.readouterr().out) == FINDINGS
    assert diagnosed.requests("POST", "/experiments") == []


def test_a_suggestion_is_posted_by_its_rule(diagnosed: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diagnose", ID, "--post", "too-many-epochs") == 0
    (request,) = diagnosed.requests("POST", "/experiments")
    assert json.loads(request.body) == PATCH
    assert request.headers["content-type"] == "application/merge-patch+json"
    assert "trainyard watch 01K6W3E8Z4T5V6X7Y8Z9A0B1C3" in capsys.readouterr().out


def test_a_rule_that_suggests_nothing_is_rejected(diagnosed: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diagnose", ID, "--post", "slow-start") == 2
    assert "those that do: too-many-epochs" in capsys.readouterr().err
    assert diagnosed.requests("POST", "/experiments") == []
