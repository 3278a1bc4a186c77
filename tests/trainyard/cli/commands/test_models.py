import json

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run

ID, OTHER = samples.ID, samples.OTHER_ID
PATH = "/models/serving/digits"


def test_models_are_listed_with_reasons(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    rejected = {"experiment_id": OTHER, "reason": "model.onnx is missing"}
    none = {"experiment_id": None, "name": None, "accuracy": None, "val_accuracy": None}
    broken_pin = {"experiment_id": None, "reason": "the pin does not parse"}
    document = samples.items(
        samples.serving_model(),
        samples.serving_model(dataset="mnist", policy="pinned", pinned_experiment_id=ID),
        samples.serving_model(dataset="blobs", policy="pinned", pinned_experiment_id=OTHER, rejected=[rejected]),
        samples.serving_model(**none, dataset="drawn", rejected=[broken_pin]),
    )
    api.on("GET", "/models", Answer(document))

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
    assert json.loads(capsys.readouterr().out) == document


def test_model_is_pinned_by_a_shortened_id(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    page = samples.items(samples.experiment(ID), samples.experiment(OTHER))
    api.on("GET", "/experiments", Answer(page))
    api.on("PUT", PATH, Answer(samples.serving_model(policy="pinned", pinned_experiment_id=ID)))

    assert run("serve", "digits", ID[-4:].lower()) == 0
    [asked] = api.requests("PUT", PATH)
    assert json.loads(asked.body) == {"experiment_id": ID}
    assert capsys.readouterr().out == f"digits is served by digits-cnn, {ID} (it is pinned)\n"


def test_best_model_serves_again(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("PUT", PATH, Answer(samples.serving_model()), Answer(samples.serving_model(experiment_id=None)))

    assert run("serve", "digits", "best") == 0
    assert run("serve", "digits", "best") == 0
    assert [json.loads(each.body) for each in api.requests("PUT", PATH)] == [{"policy": "best"}] * 2
    assert capsys.readouterr().out.splitlines() == [
        f"digits is served by digits-cnn, {ID} (it is the best)",
        "digits is served by no model",
    ]


def test_unsuitable_model_is_rejected(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("PUT", PATH, problem(409, f"experiment {ID} is queued: only a succeeded one can serve"))

    assert run("serve", "digits", ID) == 4
    assert "is queued" in capsys.readouterr().err
