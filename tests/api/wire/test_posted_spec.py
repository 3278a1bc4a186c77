"""Merge patches, through the routes that take them."""

import json
from typing import Any

import pytest
from httpx2 import Response

from models_store.store import Store
from specs import limits
from tests.support.api import ApiClient

Document = dict[str, Any]
PATCH = {"Content-Type": "application/merge-patch+json"}
MISSING = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"


def patch(client: ApiClient, change: Any, path: str = "/experiments", **headers: str) -> Response:
    return client.post(path, content=json.dumps(change), headers=PATCH | headers)


@pytest.fixture
def base(client: ApiClient, tiny_document: Document) -> Document:
    document = {**tiny_document, "tags": ["first"], "notes": "as it was"}
    record: Document = client.post("/experiments", json=document).json()
    return record


def test_patch_changes_named_fields_and_keeps_the_rest(client: ApiClient, base: Document) -> None:
    change = {"training": {"epochs": 7, "optimizer": {"learning_rate": 0.01}}, "notes": None}
    answer = patch(client, {"based_on": base["id"], **change})

    assert answer.status_code == 202, answer.text
    record = answer.json()
    expected = json.loads(json.dumps(base["spec"]))
    expected["training"]["epochs"] = 7
    expected["training"]["optimizer"]["learning_rate"] = 0.01
    assert record["spec"] == {**expected, "name": record["name"], "notes": "", "based_on": base["id"]}
    assert (record["tags"], record["based_on"]) == (["first"], base["id"])
    assert record["name"] == "tiny · learning_rate 0.01, epochs 7"
    assert client.get(f"/experiments/{base['id']}").json()["spec"] == base["spec"]


def test_name_of_a_change_follows_the_shown_one(client: ApiClient, base: Document) -> None:
    client.patch(f"/experiments/{base['id']}", json={"name": "renamed"})
    change = {"based_on": base["id"], "training": {"epochs": 7}}
    assert patch(client, change).json()["name"] == "renamed · epochs 7"
    assert patch(client, {**change, "name": "own"}).json()["name"] == "own"
    assert patch(client, change, "/experiments:validate").json()["spec"]["name"] == "renamed · epochs 7"


def test_whole_spec_is_named_by_its_change(client: ApiClient, base: Document) -> None:
    document = {name: value for name, value in base["spec"].items() if name != "name"}
    document |= {"based_on": base["id"], "training": {**document["training"], "epochs": 9}}
    assert client.post("/experiments", json=document).json()["name"] == "tiny · epochs 9"
    unknown = {**document, "based_on": "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"}
    assert client.post("/experiments", json=unknown).json()["name"] == "digits-experiment"


def test_patch_replaces_a_network_by_another_kind(client: ApiClient, base: Document) -> None:
    change = {"based_on": base["id"], "name": "other", "model": {"layers": None, "preset": "digits-cnn"}}
    answer = patch(client, change, "/experiments:validate")

    assert answer.status_code == 200, answer.text
    assert (answer.json()["spec"]["model"]["preset"], answer.json()["spec"]["name"]) == ("digits-cnn", "other")
    assert patch(client, change, "/experiments:plot/learning_rate.svg").status_code == 200


def test_same_key_and_patch_give_the_same_experiment(client: ApiClient, base: Document) -> None:
    change = {"based_on": base["id"], "training": {"epochs": 3}}
    first, again = (patch(client, change, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json()["id"] == again.json()["id"] != base["id"]
    assert patch(client, {**change, "name": "x"}, **{"Idempotency-Key": "k"}).status_code == 422


@pytest.mark.parametrize("path", ["/experiments", "/experiments:validate", "/experiments:plot/learning_rate.svg"])
def test_patch_that_is_sent_as_a_spec_is_named(client: ApiClient, base: Document, path: str) -> None:
    answer = client.post(path, json={"based_on": base["id"], "training": {"epochs": 3}})

    assert answer.status_code == 422
    first = answer.json()["errors"][0]
    assert (first["pointer"], first["received"]) == ("/based_on", base["id"])
    assert "Content-Type: application/merge-patch+json" in first["detail"]


@pytest.mark.parametrize(
    ("based_on", "said"),
    [
        ({}, "`based_on` is missing"),
        ({"based_on": None}, "`based_on` is missing"),
        ({"based_on": 7}, "`based_on` is not text"),
        ({"based_on": MISSING}, "not found"),
        ({"based_on": "../../etc"}, "not found"),
    ],
)
@pytest.mark.parametrize("path", ["/experiments", "/experiments:validate"])
def test_patch_without_base_is_rejected(client: ApiClient, based_on: Document, said: str, path: str) -> None:
    answer = patch(client, {**based_on, "training": {"epochs": 3}}, path)

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/based_on"
    assert said in error["detail"]


def test_patch_of_a_damaged_record_is_rejected(client: ApiClient, api_store: Store, base: Document) -> None:
    experiments = api_store.experiments
    (experiments.folder(base["id"]) / "experiment.json").write_text("{")
    experiments.show(experiments.read_or_damaged(base["id"]))

    (error,) = patch(client, {"based_on": base["id"]}).json()["errors"]
    assert (error["pointer"], "is damaged" in error["detail"]) == ("/based_on", True)


def test_patch_that_breaks_the_spec_names_the_field(client: ApiClient, base: Document) -> None:
    answer = patch(client, {"based_on": base["id"], "training": {"epoch": 3}})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/training/epoch"]


def test_patched_document_respects_the_limits(client: ApiClient, tiny_document: Document) -> None:
    # Each half is below the cap of the size, both together are above it; unknown fields would be rejected later.
    filler = "x" * (limits.DOCUMENT_BYTES * 6 // 10)
    layer = {"module": "keras.layers", "class_name": "Flatten", "config": {"name": "flat"}}
    answer = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "answer", "units": 10}}
    keras = {"class_name": "Sequential", "config": {"layers": [layer, answer], "build_config": {"a": filler}}}
    base = client.post("/experiments", json={**tiny_document, "model": {"keras": keras}})
    assert base.status_code == 202, base.text
    more = {"based_on": base.json()["id"], "model": {"keras": {"config": {"build_config": {"b": filler}}}}}
    rejected = patch(client, more)
    assert rejected.status_code == 422
    assert f"exceeds the limit of {limits.DOCUMENT_BYTES:,}" in rejected.json()["detail"]
    deep: Any = 1
    for _ in range(40):
        deep = {"model": deep}
    assert "nested deeper" in patch(client, {"based_on": base.json()["id"], **deep}).json()["detail"]
    assert len(client.get("/experiments").json()["items"]) == 1


@pytest.mark.parametrize("body", [b"[1]", b"{", b"", b"training: {epochs: 3}"])
def test_patch_must_be_a_json_object(client: ApiClient, body: bytes) -> None:
    assert client.post("/experiments", content=body, headers=PATCH).status_code == 422
