from typing import Any

from models_store.store import Store
from tests.support.api import ApiClient
from tests.support.published import finish

Document = dict[str, Any]


def test_repeats_are_queued_and_summarized(client: ApiClient, api_store: Store, tiny_document: Document) -> None:
    headers = {"Idempotency-Key": "repeats"}
    posted = client.post("/experiments?repeats=3", json=tiny_document, headers=headers)
    assert posted.status_code == 202, posted.text
    group = posted.json()
    assert (group["repeats"], group["counts"], group["metrics"]) == (3, {"queued": 3}, {})
    assert [each["seed"] for each in group["items"]] == [0, 1, 2]
    assert client.post("/experiments?repeats=3", json=tiny_document, headers=headers).json() == group
    assert client.post("/experiments?repeats=4", json=tiny_document, headers=headers).status_code == 422

    for each, accuracy in zip(group["items"], (0.9, 0.8, 0.85), strict=True):
        finish(api_store, api_store.experiments.get(each["experiment_id"]), accuracy)
    shown = client.get(posted.headers["Location"]).json()
    assert shown["counts"] == {"succeeded": 3}
    assert round(shown["metrics"]["val_accuracy"]["mean"], 6) == 0.85
    assert round(shown["metrics"]["val_accuracy"]["sd"], 6) == 0.05
    listed = client.get(f"/experiments?group={group['id']}&fields=summary").json()
    assert listed["total"] == 3
    assert len(client.get(f"/experiments?group={group['id']}").json()["items"]) == 3


def test_impossible_repeats_are_problems(client: ApiClient, tiny_document: Document) -> None:
    for repeats in ("1", "21", "many"):
        answer = client.post(f"/experiments?repeats={repeats}", json=tiny_document)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/query/repeats"
    assert client.get("/groups/01K6W3E8Z4T5V6X7Y8Z9A0B1C2").status_code == 404
