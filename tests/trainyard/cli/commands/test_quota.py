import json

import pytest

from api.openapi import recorded_examples
from tests.trainyard.canned_api import Answer, CannedApi
from tests.trainyard.cli.running import run

ANN = {
    **recorded_examples()["get_owner"],
    "quota": {"running": 2, "queued": None, "training_minutes": 600, "bytes": 5_000_000_000, "predictions": 0},
}


def test_own_quota_is_a_table(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/owners/me", Answer(ANN))
    assert run("quota") == 0
    printed = capsys.readouterr().out
    assert "5,000,000,000  bytes of experiments and datasets" in printed
    assert "no limit  experiments that wait" in printed


def test_quota_is_set_and_the_rest_is_kept(api: CannedApi) -> None:
    own = {**ANN["own"], "running": 2, "training_minutes": 600}
    api.on("GET", "/owners/ann", Answer({**ANN, "own": own}))
    api.on("PUT", "/owners/ann", Answer(ANN))
    assert run("quota", "ann", "--running", "3") == 0
    assert run("quota", "ann", "--reset", "--predictions", "0") == 0
    first, second = (json.loads(each.body) for each in api.requests("PUT", "/owners/ann"))
    nothing = {"running": None, "queued": None, "training_minutes": None, "bytes": None, "predictions": None}
    assert first == {**nothing, "running": 3, "training_minutes": 600}
    assert second == {**nothing, "predictions": 0}


def test_quota_is_set_for_a_named_owner_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("quota", "--running", "3") == 2
    assert "give the owner" in capsys.readouterr().err


@pytest.mark.parametrize(("chosen", "sent"), [("private", True), ("public", False), ("default", None)])
def test_default_visibility_is_chosen(
    api: CannedApi, capsys: pytest.CaptureFixture[str], chosen: str, sent: bool | None
) -> None:
    api.on("PATCH", "/owners/me", Answer({**ANN, "private": bool(sent)}))
    assert run("visibility", chosen) == 0
    (request,) = api.requests("PATCH", "/owners/me")
    assert json.loads(request.body) == {"private": sent}
    assert ("what is created is private" in capsys.readouterr().out) is bool(sent)


def test_unknown_visibility_is_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("visibility", "secret") == 2
    assert "secret" in capsys.readouterr().err
