"""Stores that earlier versions wrote, served over HTTP."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from settings import Settings
from tests.support.api import ApiClient
from tests.support.image_files import encoded
from tests.support.store import LEASE_SECONDS
from tests.support.stored_versions import StoredStore
from tests.support.valkey import Valkey
from tests.support.waiting import eventually


@pytest.fixture
def client(stored: StoredStore, valkey: Valkey) -> Iterator[ApiClient]:
    settings = Settings(redis_url=valkey.url, store_dir=stored.root, lease_seconds=LEASE_SECONDS, reconcile_seconds=0.2)
    with ApiClient(settings) as client:
        eventually(lambda: client.get("/experiments").is_success)
        yield client


@pytest.fixture
def source(stored: StoredStore) -> str:
    return f"/experiments/{stored.ids['digits-source']}"


def png() -> bytes:
    return encoded(Image.fromarray(np.full((8, 8), 200, np.uint8)))


def test_experiments_are_listed_and_shown(client: ApiClient, stored: StoredStore) -> None:
    items = client.get("/experiments").json()["items"]

    assert {item["name"]: item["id"] for item in items} == stored.ids
    assert {item["name"]: item["status"] for item in items} == {
        "digits-source": "succeeded",
        "failing": "failed",
        "on-an-upload": "succeeded",
        "taught": "succeeded",
        "interrupted": "queued",
    }
    for item in items:
        record = client.get(f"/experiments/{item['id']}").json()
        assert (record["damaged"], record["spec"]["notes"]) == ([], "a fixture")
        assert len(client.get(f"/experiments/{item['id']}/history").json()["epoch"]) == record["epochs_completed"]


def test_results_are_answered(client: ApiClient, source: str) -> None:
    for split in ("training", "validation", "test"):
        evaluation = client.get(f"{source}/evaluation", params={"split": split}).json()
        mistakes = client.get(f"{source}/mistakes", params={"split": split, "limit": 1000}).json()
        assert evaluation["split"] == split
        assert mistakes["total"] == round((1 - evaluation["accuracy"]) * evaluation["samples"])
        assert client.get(mistakes["items"][0]["image"]).headers["content-type"] == "image/png"
    for plot in ("history", "confusion", "classes", "reliability", "misclassified"):
        assert client.get(f"{source}/plots/{plot}.png").is_success
    assert client.get(f"{source}/diagnosis").json()["items"]
    assert "digits-source" in client.get(f"{source}/report.md").text


def test_evaluation_on_another_dataset_is_answered(client: ApiClient, source: str) -> None:
    view = client.get(f"{source}/evaluations/scrawl").json()

    assert (view["status"], view["split"], view["evaluation"]["samples"]) == ("succeeded", "all", 27)
    [first, *_] = client.get(f"{source}/evaluations/scrawl/mistakes").json()["items"]
    assert client.get(first["image"]).headers["content-type"] == "image/png"


def test_experiments_are_compared(client: ApiClient, stored: StoredStore) -> None:
    ids = [stored.ids[name] for name in ("digits-source", "taught")]

    comparison = client.get("/compare", params={"ids": ",".join(ids)}).json()
    lineage = client.get(f"/experiments/{ids[1]}/lineage").json()

    evaluation = client.get(f"/experiments/{ids[0]}/evaluation").json()
    assert (comparison["samples"], comparison["split"]) == (evaluation["samples"], "test")
    assert [each["id"] for each in comparison["experiments"]] == ids
    assert [step["id"] for step in lineage["items"]] == ids


def test_pinned_model_predicts(client: ApiClient, stored: StoredStore) -> None:
    def predict() -> dict[str, Any]:
        answer: dict[str, Any] = client.post("/predict?dataset=digits", content=png()).json()
        return answer

    answer = eventually(lambda: answer if "model" in (answer := predict()) else None)

    assert answer is not None
    assert answer["model"]["experiment_id"] == stored.ids["digits-source"]
    assert client.get("/models").json()["items"]
    for name in ("taught", "on-an-upload"):
        predicted = client.post(f"/predict?experiment={stored.ids[name]}", content=png()).json()
        assert predicted["model"]["experiment_id"] == stored.ids[name]


def test_model_is_bundled(client: ApiClient, stored: StoredStore) -> None:
    answer = client.get(f"/models/{stored.ids['taught']}/bundle.zip")

    assert {"model.onnx", "MODEL_CARD.md"} <= set(ZipFile(BytesIO(answer.content)).namelist())


def test_datasets_are_shown(client: ApiClient) -> None:
    datasets = {each["name"]: each for each in client.get("/datasets").json()["items"]}

    assert (datasets["scrawl"]["status"], datasets["scrawl"]["counts"]) == (
        "ready",
        {"train": [12, 12], "test": [0, 3]},
    )
    for name in ("scrawl", "digits-corrections"):
        [sample, *_] = client.get(f"/datasets/{name}/samples").json()["items"]
        assert client.get(sample["image"]).headers["content-type"] == "image/png"


def test_correction_is_added(client: ApiClient, stored: StoredStore) -> None:
    answer = client.post(f"/predict?experiment={stored.ids['digits-source']}", content=png()).json()
    prediction = answer["predictions"][0]["id"]

    correction = client.post(f"/predictions/{prediction}/label", json={"label": "7"}).json()

    assert correction["dataset"] == "digits-corrections"
    eventually(lambda: sum(client.get("/datasets/digits-corrections").json()["counts"]["train"]) == 3)
