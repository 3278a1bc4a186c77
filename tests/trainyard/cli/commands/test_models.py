import json

import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi, problem
from tests.trainyard.cli.running import run, words

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


def test_promotions_are_listed_with_reasons(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    none = samples.promotion(reason="none", experiment_id=None, name=None, val_accuracy=None, accuracy=None)
    document = samples.items(samples.promotion(reason="fallback"), none, samples.promotion(reason="pinned"))
    api.on("GET", "/models/promotions", Answer(document))

    assert run("models", "--history", "digits") == 0
    [request] = api.requests("GET", "/models/promotions")
    assert request.query == {"dataset": "digits"}
    since = "2026-11-22T20:15:00Z"
    assert words(capsys.readouterr().out)[1:] == [
        f"{since} {ID} digits-cnn 0.9875 0.9900 a better one was rejected",
        f"{since} none no model could serve",
        f"{since} {ID} digits-cnn 0.9875 0.9900 it was pinned",
    ]

    assert run("models", "--history", "digits", "--json") == 0
    assert json.loads(capsys.readouterr().out) == document


def test_dataset_without_promotions_says_so(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.on("GET", "/models/promotions", Answer(samples.items()))
    assert run("models", "--history", "mnist") == 0
    assert capsys.readouterr().out == "no model has served it yet\n"


def test_traffic_is_listed_with_its_drift(api: CannedApi, capsys: pytest.CaptureFixture[str]) -> None:
    unknown = {"confident_share": None, "validation_confident_share": None, "drift": None}
    steady = {"distance": 0.04, "p": 0.5, "is_drifting": False}
    document = samples.items(
        samples.traffic(), samples.traffic(dataset="mnist", drift=steady), samples.traffic(dataset="own", **unknown)
    )
    api.on("GET", "/models/traffic", Answer(document))
    assert run("models", "--traffic") == 0
    assert words(capsys.readouterr().out)[1:] == [
        "digits 0.25 1,225 100 0.9000 0.9700 yes (distance 0.31, p 0.00012)",
        "mnist 0.25 1,225 100 0.9000 0.9700 no (distance 0.04, p 0.5)",
        "own 0.25 1,225 100 unknown",
    ]
    assert run("models", "--traffic", "--json") == 0
    assert json.loads(capsys.readouterr().out) == document
