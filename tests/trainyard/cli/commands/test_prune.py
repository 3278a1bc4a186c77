import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi
from tests.trainyard.cli.running import run, words

PRUNING = {
    "dry_run": True,
    "removed": [
        {
            "id": samples.ID,
            "name": "plain",
            "status": "failed",
            "ended_at": "2026-08-22T20:15:00Z",
            "bytes": 1_200_000,
            "reason": "ended 98 days ago, of at most 90",
        }
    ],
    "removed_bytes": 1_200_000,
    "kept": [{"id": samples.OTHER_ID, "name": "dropout", "reason": "it has a star"}],
}


def test_prune_is_a_dry_run_unless_confirmed(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", "/experiments:prune", Answer(PRUNING), Answer({**PRUNING, "dry_run": False}))

    assert [run("prune", "--older-than", "90", "--max-size", "1.5GB"), run("prune", "--keep", "5", "--yes")] == [0, 0]

    first, second = api.requests("POST", "/experiments:prune")
    assert first.query == {
        "older_than_days": "90.0",
        "max_bytes": "1500000000",
        "states_only": "false",
        "dry_run": "true",
    }
    assert second.query == {"keep_newest": "5", "states_only": "false", "dry_run": "false"}
    lines = words(capsys.readouterr().out)
    assert f"{samples.ID} plain failed 1.2 MB ended 98 days ago, of at most 90" in lines
    assert f"kept: {samples.OTHER_ID} dropout: it has a star" in lines
    assert "would delete 1 experiment, 1.2 MB; add --yes to do so" in lines
    assert "deleted 1 experiment, 1.2 MB" in lines


def test_prune_of_states_says_so(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", "/experiments:prune", Answer({**PRUNING, "states_only": True}))
    assert run("prune", "--keep", "5", "--states") == 0
    [request] = api.requests("POST", "/experiments:prune")
    assert request.query == {"keep_newest": "5", "states_only": "true", "dry_run": "true"}
    assert "would delete 1 training state, 1.2 MB; add --yes to do so" in words(capsys.readouterr().out)


@pytest.mark.parametrize("options", [(), ("--max-size", "much"), ("--keep", "-1")])
def test_wrong_limit_exits_with_2(api: CannedApi, options: tuple[str, ...]) -> None:
    assert run("prune", *options) == 2
