import json
from typing import Any

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run

ID = samples.ID
PATH = f"/experiments/{ID}/evaluations"


def row(label: str, f1: float, support: int) -> dict[str, Any]:
    return {"label": label, "precision": f1, "recall": f1, "f1": f1, "support": support}


EVALUATION = {
    **samples.evaluation("all"),
    "dataset": "noise",
    "accuracy": 0.75,
    "macro": {"precision": 0.5, "recall": 0.5, "f1": 0.5},
    "samples": 1200,
    "per_class": [row("a", 0.9, 400), row("b", 0.0, 0), row("c", 0.25, 400), row("d", 0.8, 400), row("e", 0.7, 400)],
    "confusion_matrix": {"labels": ["a", "c"], "matrix": [[3, 1], [0, 4]]},
}
del EVALUATION["training_precision"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainyard.client.POLL_SECONDS", 0.0)


def view(status: str, **changes: Any) -> Answer:
    return Answer(samples.evaluation_view(status, **changes))


def test_evaluation_is_awaited_and_worst_classes_shown(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", PATH, Answer(samples.EVALUATION_RECORD, 202))
    api.on("GET", f"{PATH}/noise", view("queued"), view("running"), view("succeeded", evaluation=EVALUATION))

    assert run("evaluate", ID, "noise", "--split", "test") == 0

    [asked] = api.requests("POST", PATH)
    assert json.loads(asked.body) == {"dataset": "noise", "split": "test"}
    assert capsys.readouterr().out.splitlines() == [
        "on noise (all): accuracy 0.7500, macro F1 0.5000 on 1,200 samples",
        "  4 of 5 classes have samples there; the macro mean leaves the others out",
        "  c: F1 0.2500, precision 0.2500, recall 0.2500 of 400",
        "  e: F1 0.7000, precision 0.7000, recall 0.7000 of 400",
        "  d: F1 0.8000, precision 0.8000, recall 0.8000 of 400",
        "  a predicted as c: 1 of 4",
    ]


def test_evaluation_json_is_that_of_the_api(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", PATH, Answer(samples.EVALUATION_RECORD, 202))
    done = view("succeeded", evaluation=EVALUATION)
    api.on("GET", f"{PATH}/noise", done)

    assert run("evaluate", ID, "noise", "--json") == 0
    assert json.loads(capsys.readouterr().out) == done.body


def test_failed_evaluation_exits_with_1(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", PATH, Answer(samples.EVALUATION_RECORD, 202))
    api.on("GET", f"{PATH}/noise", view("failed", error="dataset noise was deleted"))

    assert run("evaluate", ID, "noise") == 1
    assert capsys.readouterr().out == "the evaluation on noise failed: dataset noise was deleted\n"


def test_unsuitable_dataset_is_rejected(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("POST", PATH, problem(422, "no", errors=[{"pointer": "/dataset", "detail": "knows none of them"}]))

    assert run("evaluate", ID, "noise") == 2
    assert "/dataset: knows none of them" in capsys.readouterr().err
