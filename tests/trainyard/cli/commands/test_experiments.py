import json

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run

ID = samples.ID


def test_list_passes_its_filters(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    trained = samples.experiment(status="succeeded", best_metrics={"val_accuracy": 0.97})
    api.on("GET", "/experiments", Answer({"items": [trained], "next_cursor": "c"}))
    assert run("list", "--status", "succeeded", "--tag", "t", "--sort", "-val_accuracy", "--limit", "1") == 0
    query = api.requests("GET", "/experiments")[0].query
    assert query == {"status": "succeeded", "tag": "t", "sort": "-val_accuracy", "limit": "1"}
    out = capsys.readouterr().out
    assert f"{ID}  digits [small]" in out
    assert "0.9700" in out
    assert "there are more than 1" in out


def test_empty_list_names_the_next_step(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/experiments", Answer(samples.items()))
    assert run("list") == 0
    assert capsys.readouterr().out == "no experiments; `trainyard submit digits-cnn` makes one\n"


def test_show_and_history_are_printed(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{ID}", Answer(samples.experiment()))
    api.on("GET", f"/experiments/{ID}/history", Answer(samples.HISTORY))
    assert [run("show", ID), run("history", ID, "--since", "-1")] == [0, 0]
    out = capsys.readouterr().out
    assert "digits [small] on digits" in out
    assert "2      not finite    1.0000" in out
    assert api.requests("GET", f"/experiments/{ID}/history")[0].query == {"since": "-1"}


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ({"waits_because": "no living worker has a GPU"}, "waits     no living worker has a GPU"),
        ({"preempted_by_priority": 5}, "preempted gave way to an experiment of priority 5"),
        ({"preempted_by_priority": 0, "status": "running"}, "preempted gives way to an experiment of priority 0"),
    ],
)
def test_show_says_why_it_waits(
    api: CannedApi, capsys: pytest.CaptureFixture[str], record: samples.JsonObject, line: str
) -> None:
    api.on("GET", f"/experiments/{ID}", Answer(samples.experiment(**record)))
    assert run("show", ID) == 0
    assert line in capsys.readouterr().out.splitlines()


def test_show_prints_all_results(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    evaluations = [Answer(samples.evaluation(split)) for split in ("training", "validation", "test", "test")]
    finding = {**samples.FINDING, "rule": "healthy", "sentence": "Nothing is wrong.", "suggestion": None}
    history = {**samples.HISTORY, "history": {"val_loss": [0.5, 0.25]}}
    api.on("GET", f"/experiments/{ID}", Answer(samples.experiment(status="succeeded", epochs_completed=2)))
    api.on("GET", f"/experiments/{ID}/history", Answer(history))
    api.on("GET", f"/experiments/{ID}/evaluation", *evaluations)
    api.on("GET", f"/experiments/{ID}/mistakes", Answer(samples.MISTAKES))
    api.on("GET", f"/experiments/{ID}/diagnosis", Answer(samples.items(finding)))
    assert run("show", ID) == 0
    metrics = "accuracy 0.9000  top_3_accuracy 1.0000  balanced_accuracy 0.9000  loss 0.2000  macro_f1 0.8000"
    assert capsys.readouterr().out.splitlines()[-17:] == [
        "",
        "curves",
        "  val_loss      █▁  0.5000 to 0.2500",
        "",
        "evaluation",
        f"  training    {metrics}",
        f"  validation  {metrics}",
        f"  test        {metrics}",
        "",
        "confused",
        "  4 predicted as 9: 1 of 6",
        "",
        "most confident errors",
        "  test/4/seven.png, 4: 9 70.0%, 4 30.0%; possibly mislabeled",
        "",
        "diagnosis",
        "  info: Nothing is wrong.",
    ]
    asked = [request.query.get("split", "test") for request in api.requests("GET", f"/experiments/{ID}/evaluation")]
    assert asked == ["training", "validation", "test", "test"]
    assert api.requests("GET", f"/experiments/{ID}/mistakes")[0].query == {"split": "test", "limit": "5"}


def test_show_explains_what_is_unavailable(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{ID}", Answer(samples.experiment(epochs_completed=1)))
    api.on("GET", f"/experiments/{ID}/history", problem(409, "history.jsonl is damaged"))
    api.on("GET", f"/experiments/{ID}/diagnosis", problem(404, "dataset flowers was deleted"))
    assert run("show", ID) == 0
    out = capsys.readouterr().out
    assert "curves\n  history.jsonl is damaged\n" in out
    assert "diagnosis\n  dataset flowers was deleted\n" in out


def test_history_csv_is_that_of_the_api(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", f"/experiments/{ID}/history", Answer("epoch,loss\n0,2.0\n"))
    assert run("history", ID, "--csv") == 0
    assert capsys.readouterr().out == "epoch,loss\n0,2.0\n"
    assert api.requests("GET", f"/experiments/{ID}/history")[0].headers["accept"] == "text/csv"


def test_stop_and_retry_print_what_will_happen(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    beginning, later = samples.experiment(epochs_completed=0), samples.experiment(epochs_completed=2)
    api.on("POST", f"/experiments/{ID}:stop", Answer(beginning, 202), Answer(later, 202))
    api.on("POST", f"/experiments/{ID}:retry", Answer(samples.experiment(status="queued"), 202))
    assert [run("stop", ID), run("stop", ID), run("retry", ID)] == [0, 0, 0]
    assert capsys.readouterr().out.splitlines() == [
        f"{ID} will stop after its first epoch, and be published",
        f"{ID} will stop after its current batch, and be published",
        f"{ID} is queued again",
    ]


def test_cancel_and_delete_print_the_outcome(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    running, waiting = samples.experiment(status="running"), samples.experiment(status="cancelled")
    api.on("POST", f"/experiments/{ID}:cancel", Answer(running, 202), Answer(waiting, 202))
    api.on("DELETE", f"/experiments/{ID}", Answer(status=204))
    assert [run("cancel", ID), run("cancel", ID), run("delete", ID, "--force")] == [0, 0, 0]
    assert capsys.readouterr().out.splitlines() == [
        f"{ID} will be cancelled after its current batch",
        f"{ID} is cancelled",
        f"{ID} is deleted",
    ]
    assert api.requests("DELETE", f"/experiments/{ID}")[0].query == {"force": "true"}


def test_state_is_deleted_and_the_rest_stays(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("DELETE", f"/experiments/{ID}/state", Answer(None, 204))
    assert run("delete", ID, "--state") == 0
    assert capsys.readouterr().out == f"the training state of {ID} is deleted\n"


@pytest.mark.parametrize(("option", "private"), [("--private", True), ("--public", False)])
def test_edit_says_who_may_see_it(
    api: CannedApi, capsys: pytest.CaptureFixture[str], option: str, private: bool
) -> None:
    api.on("PATCH", f"/experiments/{ID}", Answer(samples.experiment(private=private)))

    assert run("edit", ID, option) == 0

    (request,) = api.requests("PATCH", f"/experiments/{ID}")
    assert json.loads(request.body) == {"private": private}
    assert ("private" in capsys.readouterr().out.splitlines()) is private
