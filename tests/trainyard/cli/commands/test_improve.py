import json

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run

ID, OTHER = samples.ID, samples.OTHER_ID
PATH = "/datasets/digits:improve"


def test_improve_says_how_to_follow(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    waiting = samples.improvement(state="pending", check=None, decided_at=None)
    api.on("POST", PATH, Answer(samples.experiment(ID, improvement=waiting), 202))

    assert run("improve", "digits") == 0
    assert run("improve", "digits", "--on-approval", "--add", "mine", "--epochs", "2", "--learning-rate", "0.01") == 0

    first, second = api.requests("POST", PATH)
    assert json.loads(first.body) == {}
    wanted = {"promote": "on_approval", "add": ["mine"], "epochs": 2, "learning_rate": 0.01}
    assert json.loads(second.body) == wanted
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        ID,
        f"follow it with: trainyard watch {ID}; what became of it: trainyard show {ID}",
    ]


def test_key_makes_it_repeatable(api: CannedApi) -> None:
    api.on("POST", PATH, Answer(samples.experiment(ID, improvement=samples.improvement()), 202))

    assert run("improve", "digits", "--idempotency-key", "monday") == 0

    [request] = api.requests("POST", PATH)
    assert request.headers["idempotency-key"] == "monday"


def test_nothing_to_improve_is_rejected(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", PATH, problem(409, "no label of digits was corrected yet"))

    assert run("improve", "digits") == 4
    assert "no label of digits was corrected yet" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["promote", "decline"])
def test_decision_is_shown_with_its_check(verb: str, api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    decided = samples.improvement(state=f"{verb}d", decided_by="ann", reason="it waits for approval")
    api.on("POST", f"/experiments/{ID}:{verb}", Answer(samples.experiment(ID, improvement=decided)))

    assert run(verb, ID) == 0

    assert capsys.readouterr().out.splitlines() == [
        f"improves  {OTHER}, {verb}d by ann at 2026-11-22T20:20:01Z: it waits for approval",
        "checked   accuracy 0.9750 -> 0.9861 on 360 samples of the test split",
        "          +1.11 points, 95 % interval +0.00 to +2.50, p = 0.22; fixed 5, regressed 1",
    ]


def test_show_has_what_became_of_it(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{ID}", Answer(samples.experiment(ID, improvement=samples.improvement())))

    assert run("show", ID) == 0

    assert f"improves  {OTHER}, promoted at 2026-11-22T20:20:01Z" in capsys.readouterr().out.splitlines()
