import json
from typing import Any

import pytest

from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.test_main import ID, run

PATH = "/models/serving/digits"
OTHER = "01K6W4Q2M7N8P9R0S1T2V3W4X5"


def serving(**changes: Any) -> dict[str, Any]:
    return {
        "dataset": "digits",
        "experiment_id": ID,
        "name": "digits-cnn",
        "accuracy": 0.99,
        "val_accuracy": 0.9875,
        "policy": "best",
        "pinned_experiment_id": None,
        "pinned_at": None,
        "rejected": [],
        **changes,
    }


def test_models_are_listed_with_why_they_serve_and_what_was_rejected(
    api: CannedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    rejected = {"experiment_id": OTHER, "reason": "model.onnx is missing"}
    none = {"experiment_id": None, "name": None, "accuracy": None, "val_accuracy": None}
    items = [
        serving(),
        serving(dataset="mnist", policy="pinned", pinned_experiment_id=ID),
        serving(dataset="blobs", policy="pinned", pinned_experiment_id=OTHER, rejected=[rejected]),
        serving(**none, dataset="drawn", rejected=[{"experiment_id": None, "reason": "the pin does not parse"}]),
    ]
    api.on("GET", "/models", Answer({"items": items, "next_cursor": None}))

    assert run("models") == 0
    _, first, second, third, fourth, *rest = capsys.readouterr().out.splitlines()
    assert first.split() == ["digits", ID, "digits-cnn", "0.9875", "0.9900", "it", "is", "the", "best"]
    assert second.rstrip().endswith("it is pinned")
    assert third.rstrip().endswith(f"the pinned {OTHER} is rejected")
    assert fourth.split() == ["drawn", "none"]
    assert rest == [
        f"rejected for blobs: {OTHER}: model.onnx is missing",
        "rejected for drawn: the pin: the pin does not parse",
    ]

    assert run("models", "--json") == 0
    assert json.loads(capsys.readouterr().out) == items


def test_a_model_is_pinned_by_a_part_of_its_id(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/experiments", Answer({"items": [{"id": ID}, {"id": OTHER}], "next_cursor": None}))
    api.on("PUT", PATH, Answer(serving(policy="pinned", pinned_experiment_id=ID)))

    assert run("serve", "digits", ID[-4:].lower()) == 0
    [asked] = api.requests("PUT", PATH)
    assert json.loads(asked.body) == {"experiment_id": ID}
    assert capsys.readouterr().out == f"digits is served by digits-cnn, {ID} (it is pinned)\n"


def test_the_best_serves_again(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("PUT", PATH, Answer(serving()), Answer(serving(experiment_id=None)))

    assert run("serve", "digits", "best") == 0
    assert run("serve", "digits", "best") == 0
    assert [json.loads(each.body) for each in api.requests("PUT", PATH)] == [{"policy": "best"}] * 2
    assert capsys.readouterr().out.splitlines() == [
        f"digits is served by digits-cnn, {ID} (it is the best)",
        "digits is served by no model",
    ]


def test_what_cannot_serve_is_told(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("PUT", PATH, problem(409, f"experiment {ID} is queued: only a succeeded one can serve"))

    assert run("serve", "digits", ID) == 4
    assert "is queued" in capsys.readouterr().err
