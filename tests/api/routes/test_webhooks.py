from typing import Any

import pytest

from settings import Settings
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.receiver import Receiver
from tests.support.waiting import eventually

URL = "https://hooks.invalid/trainyard"
UNKNOWN = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"


@pytest.fixture
def open_client(settings: Settings) -> ApiClient:
    """Of a service that may send to this machine."""
    return ApiClient(settings.model_copy(update={"webhook_private_addresses": True, "webhook_retry_seconds": 0.01}))


def test_secret_is_shown_once(client: ApiClient) -> None:
    created = client.post("/webhooks", json={"url": URL})
    assert created.status_code == 201
    secret = created.json()["secret"]
    assert secret.startswith("whsec_")
    assert created.json()["events"] == ["experiment.succeeded", "experiment.failed", "model.promoted", "sweep.ended"]
    listed = client.get("/webhooks")
    [shown] = listed.json()["items"]
    assert (shown["id"], shown["url"], shown["pending"], shown["failed"]) == (created.json()["id"], URL, 0, 0)
    sent = client.post(f"/webhooks/{shown['id']}:test")
    deliveries = client.get(f"/webhooks/{shown['id']}/deliveries")
    assert all(secret not in answer.text for answer in (listed, sent, deliveries))


def test_deleted_webhook_is_unknown(client: ApiClient) -> None:
    webhook = client.post("/webhooks", json={"url": URL, "events": ["sweep.ended"]}).json()["id"]
    assert client.delete(f"/webhooks/{webhook}").status_code == 204
    assert client.get("/webhooks").json()["items"] == []
    for method, path in (("DELETE", ""), ("POST", ":test"), ("GET", "/deliveries")):
        assert client.request(method, f"/webhooks/{webhook}{path}").status_code == 404
        assert client.request(method, f"/webhooks/..%2Fexperiments{path}").status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": "ftp://example.org"}, "/url"),
        ({"url": "https://"}, "/url"),
        ({"url": "https://example.org:99999"}, "/url"),
        ({"url": "https://user:password@example.org"}, "/url"),
        ({"url": "https://example.org/#top"}, "/url"),
        ({"url": "https://exämple.org"}, "/url"),
        ({"url": "http://127.0.0.1:6379"}, "/url"),
        ({"url": "http://[::1]/"}, "/url"),
        ({"url": "http://localhost/"}, "/url"),
        ({"url": URL + "x" * 2000}, "/url"),
        ({"url": URL, "events": []}, "/events"),
        ({"url": URL, "events": ["experiment.started"]}, "/events/0"),
        ({"url": URL, "secret": "whsec_mine"}, "/secret"),
    ],
)
def test_invalid_webhook_is_rejected(client: ApiClient, body: JsonObject, pointer: str) -> None:
    answer = client.post("/webhooks", json=body)
    assert (answer.status_code, [each["pointer"] for each in answer.json()["errors"]]) == (422, [pointer])
    assert client.get("/webhooks").json()["items"] == []


def test_number_of_webhooks_is_bounded(client: ApiClient) -> None:
    for _ in range(50):
        assert client.post("/webhooks", json={"url": URL}).status_code == 201
    assert client.post("/webhooks", json={"url": URL}).status_code == 409


def test_cancelled_experiment_is_told(open_client: ApiClient, tiny_document: dict[str, Any]) -> None:
    with open_client as client, Receiver(500, 204) as receiver:
        eventually(lambda: client.get("/experiments").is_success)
        body = {"url": receiver.url, "events": ["experiment.cancelled"]}
        webhook = client.post("/webhooks", json=body).json()["id"]
        experiment_id = client.post("/experiments", json=tiny_document).json()["id"]
        client.post(f"/experiments/{experiment_id}:cancel")

        eventually(lambda: len(receiver.received) == 2)
        assert [each.message["type"] for each in receiver.received] == ["experiment.cancelled"] * 2
        assert receiver.received[0].message["data"]["id"] == experiment_id

        def listed() -> JsonObject:
            [found] = client.get(f"/webhooks/{webhook}/deliveries").json()["items"]
            assert isinstance(found, dict)
            return found

        eventually(lambda: listed()["status"] == "delivered")
        assert [each["status"] for each in listed()["attempts"]] == [500, 204]
        assert listed()["message"] == receiver.received[0].message
