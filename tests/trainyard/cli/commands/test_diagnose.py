import json

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi
from tests.trainyard.cli.running import run

ID = samples.ID
PATCH = samples.FINDING["suggestion"]["patch"]


@pytest.fixture
def diagnosed(api: CannedApi) -> CannedApi:
    api.on("GET", f"/experiments/{ID}/diagnosis", Answer(samples.DIAGNOSIS))
    api.on("POST", "/experiments", Answer(samples.experiment(samples.OTHER_ID), 202))
    return api


def test_findings_show_evidence_and_suggestion(diagnosed: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
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
    assert json.loads(capsys.readouterr().out) == samples.DIAGNOSIS
    assert diagnosed.requests("POST", "/experiments") == []


def test_suggestion_is_posted_by_its_rule(diagnosed: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diagnose", ID, "--post", "too-many-epochs") == 0
    (request,) = diagnosed.requests("POST", "/experiments")
    assert json.loads(request.body) == PATCH
    assert request.headers["content-type"] == "application/merge-patch+json"
    assert f"trainyard watch {samples.OTHER_ID}" in capsys.readouterr().out


def test_rule_without_suggestion_is_rejected(diagnosed: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diagnose", ID, "--post", "slow-start") == 2
    assert "rules that do: too-many-epochs" in capsys.readouterr().err
    assert diagnosed.requests("POST", "/experiments") == []
