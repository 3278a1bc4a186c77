"""What one owner asks for at once does not keep others from being answered."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx2
import pytest
from anyio import to_thread

from analysis.plots import figure
from api.owner_places import AT_ANSWER, OwnerPlaces, OwnerRequests, call_at_answer
from models_store.access.token import new_token
from specs.access import KeyScope, KeySpec
from tests.support.api import ApiClient
from tests.support.waiting import PATIENCE_SECONDS, eventually

# More than the threads in which routes are computed.
MANY = 60
SPEC = {"model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}, "dataset": {"name": "digits"}}


def headers_of(client: ApiClient, owner: str, *scopes: KeyScope) -> dict[str, str]:
    _, token = client.services.store.keys.create(KeySpec(scopes=scopes), owner)
    return {"Authorization": f"Bearer {token}"}


def busy_threads(client: ApiClient) -> int:
    async def count() -> int:
        return to_thread.current_default_thread_limiter().borrowed_tokens

    assert client.portal is not None
    return int(client.portal.call(count))


def test_many_slow_requests_leave_threads_to_others(keyed_client: ApiClient) -> None:
    ann, bob = (headers_of(keyed_client, owner, KeyScope.READ) for owner in ("ann", "bob"))

    def plot(_: int) -> httpx2.Response:
        return keyed_client.post("/experiments:plot/learning_rate.png", json=SPEC, headers=ann)

    with ThreadPoolExecutor(MANY + 1) as senders:
        # One figure is drawn at a time, so that all others wait in their threads.
        with figure._DRAWING:
            plots = [senders.submit(plot, number) for number in range(MANY)]
            eventually(lambda: busy_threads(keyed_client) >= 6)
            others = senders.submit(keyed_client.get, "/experiments", headers=bob).result(PATIENCE_SECONDS)
            assert others.status_code == 200
        statuses = [each.result(PATIENCE_SECONDS).status_code for each in plots]

    assert set(statuses) <= {200, 429}
    assert statuses.count(200) >= 6
    assert keyed_client.services.access.places.owners == 0


def test_request_that_waits_too_long_is_told(keyed_client: ApiClient) -> None:
    access = keyed_client.services.access
    access.places = OwnerPlaces(at_once=2, seconds=0.01)
    ann, bob = (headers_of(keyed_client, each, KeyScope.READ, KeyScope.PREDICT) for each in ("ann", "bob"))
    taken: list[dict[str, Any]] = [{AT_ANSWER: []}, {AT_ANSWER: []}]
    assert keyed_client.portal is not None
    for scope in taken:
        keyed_client.portal.call(access.places.take, "ann", scope)

    rejected = keyed_client.get("/presets", headers=ann)

    assert rejected.status_code == 429
    assert rejected.json()["type"] == "urn:trainyard:problem:too_many_at_once"
    assert "ann has 2 requests that are being answered" in rejected.json()["detail"]
    assert rejected.headers["retry-after"] == "1"
    assert keyed_client.get("/presets", headers=bob).status_code == 200
    assert 'rate_limited_requests_total{limit="at_once"} 1.0' in keyed_client.get("/metrics", headers=bob).text
    # Predictions have limits of their own.
    assert keyed_client.post("/predict", headers=ann).status_code != 429
    assert keyed_client.get("/v2", headers=ann).status_code == 200

    keyed_client.portal.call(call_at_answer, taken[0])
    keyed_client.portal.call(call_at_answer, taken[0])
    for _ in range(5):
        assert keyed_client.get("/presets", headers=ann).status_code == 200
    keyed_client.portal.call(call_at_answer, taken[1])
    assert access.places.owners == 0


def test_body_that_stalls_holds_no_place(keyed_client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client may take its time to send one."""
    places = keyed_client.services.access.places = OwnerPlaces(at_once=1, seconds=PATIENCE_SECONDS)
    begun, rest = Event(), Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def receive_late() -> Any:
            begun.set()
            await to_thread.run_sync(rest.wait)
            return await receive()

        await keyed_client.api(scope, receive_late if scope.get("method") == "POST" else receive, send)

    ann = headers_of(keyed_client, "ann", KeyScope.READ)
    with ThreadPoolExecutor(2) as senders:
        monkeypatch.setattr(keyed_client._transport, "app", app)
        stalled = senders.submit(keyed_client.post, "/experiments:validate", json=SPEC, headers=ann)
        assert begun.wait(PATIENCE_SECONDS)
        meanwhile = senders.submit(keyed_client.get, "/presets", headers=ann)
        try:
            assert meanwhile.result(PATIENCE_SECONDS).status_code == 200
            assert places.owners == 0
        finally:
            rest.set()
        assert stalled.result(PATIENCE_SECONDS).status_code == 200

    assert places.owners == 0


def test_every_end_of_a_request_frees_its_place(keyed_client: ApiClient) -> None:
    places = keyed_client.services.access.places = OwnerPlaces(at_once=1, seconds=PATIENCE_SECONDS)
    requests = [
        ("GET", "/presets", 200),
        ("HEAD", "/presets", 200),
        ("GET", "/experiments/none", 404),
        ("GET", "/experiments?limit=x", 422),
        ("POST", "/experiments", 422),
        ("DELETE", "/presets", 405),
        ("GET", "/experiments/01K6W4Q2M7N8P9R0S1T2V3W4X5/events", 404),
    ]

    for _ in range(2):
        for method, path, status in requests:
            assert keyed_client.request(method, path).status_code == status, path
            assert (places.owners, keyed_client.services.access.requests.owners) == (0, 0), path
    assert keyed_client.get("/presets", headers={"Authorization": f"Bearer {new_token()}"}).status_code == 401
    assert places.owners == 0


def test_slow_bodies_leave_connections_to_others(keyed_client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fast enough to be kept, and open for hours: uploads, specs, images."""
    requests = keyed_client.services.access.requests = OwnerRequests(at_most=3)
    rest = Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def receive_late() -> Any:
            await to_thread.run_sync(rest.wait)
            return await receive()

        await keyed_client.api(scope, receive_late if scope.get("method") == "POST" else receive, send)

    ann, bob = (headers_of(keyed_client, each, *KeyScope) for each in ("ann", "bob"))
    targets = ("/datasets?name=flowers", "/experiments", "/predict")
    with ThreadPoolExecutor(len(targets)) as senders:
        monkeypatch.setattr(keyed_client._transport, "app", app)
        slow = [senders.submit(keyed_client.post, target, content=b"x", headers=ann) for target in targets]
        try:
            eventually(lambda: requests._begun.get("ann") == len(targets))
            rejected = keyed_client.get("/presets", headers=ann)
            assert rejected.status_code == 429
            assert "ann has 3 requests that have not ended" in rejected.json()["detail"]
            assert keyed_client.get("/presets", headers=bob).status_code == 200
        finally:
            rest.set()
        assert all(each.result(PATIENCE_SECONDS).status_code >= 400 for each in slow)

    assert requests.owners == 0
    assert keyed_client.get("/presets", headers=ann).status_code == 200
