"""Limits of keys and of addresses, over HTTP."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx2
import pytest

from api.request_limits import address_of
from models_store.access.token import new_token
from settings import Settings
from specs.access import KeyScope, KeySpec
from tests.support import local_http
from tests.support.api import ApiClient
from tests.support.site import Site
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

# Of one process, if nothing arrives again meanwhile: tests take a part of a minute.
FEW = 5


@contextmanager
def limited_client(settings: Settings, **limits: int) -> Iterator[ApiClient]:
    with ApiClient(settings.model_copy(update={"auth": "keys", **limits})) as client:
        yield client


def statuses(client: ApiClient, method: str, path: str, count: int, **options: Any) -> list[int]:
    return [client.request(method, path, **options).status_code for _ in range(count)]


def test_key_that_asks_too_often_is_told_when(settings: Settings) -> None:
    with limited_client(settings, rate_read=FEW) as client:
        client.sign_in(KeyScope.READ)
        answers = [client.get("/presets") for _ in range(3 * FEW)]

        first, last = answers[0], next(each for each in answers if each.status_code != 200)
        assert (first.status_code, last.status_code) == (200, 429)
        assert [each.status_code for each in answers].count(200) < 2 * FEW
        assert first.headers["ratelimit-policy"] == f'"read";q={FEW};w=60'
        assert (first.headers["ratelimit"], last.headers["ratelimit"]) == (f'"read";r={FEW - 1}', '"read";r=0')
        assert 1 <= int(last.headers["retry-after"]) <= 12
        assert last.json()["type"] == "urn:trainyard:problem:rate_limited"
        assert "(read): 5 a minute are allowed; retry in" in last.json()["detail"]
        # Other keys are others' business.
        client.sign_in(KeyScope.READ, owner="bob")
        assert client.get("/presets").status_code == 200


@pytest.mark.parametrize(
    ("limit", "method", "path"),
    [
        ("rate_read", "GET", "/experiments"),
        ("rate_read", "HEAD", "/experiments"),
        ("rate_read", "POST", "/experiments:validate"),
        ("rate_write", "POST", "/experiments"),
        ("rate_write", "POST", "/keys"),
        ("rate_write", "DELETE", "/datasets/none"),
        ("rate_upload", "POST", "/datasets"),
        ("rate_upload", "POST", "/predict:batch"),
        ("rate_predict", "POST", "/predict"),
        ("rate_predict", "POST", "/predict?top=%31"),
        ("rate_predict", "POST", "/v1/models/none:predict"),
        ("rate_predict", "POST", "/v2/models/none/infer"),
    ],
)
def test_kinds_of_requests_have_limits_of_their_own(settings: Settings, limit: str, method: str, path: str) -> None:
    with limited_client(settings, **{limit: 1}) as client:
        client.sign_in(KeyScope.ADMIN)
        first, second = statuses(client, method, path, 2)
        assert first != 429
        assert second == 429
        others = {"rate_read": "/predict:batch"}.get(limit, "/experiments:validate")
        assert client.post(others).status_code != 429


def test_limit_of_zero_is_none(settings: Settings) -> None:
    with limited_client(settings, rate_read=0) as client:
        client.sign_in(KeyScope.READ)
        assert set(statuses(client, "GET", "/presets", 50)) == {200}
        assert "ratelimit" not in client.get("/presets").headers


def test_without_keys_nothing_is_limited(settings: Settings) -> None:
    with ApiClient(settings.model_copy(update={"rate_read": 1, "max_streams": 1})) as client:
        assert set(statuses(client, "GET", "/presets", 20)) == {200}


def test_failed_keys_are_limited_by_address(settings: Settings) -> None:
    with limited_client(settings, rate_failed_keys=FEW) as client:
        sent = [
            client.get("/presets", headers={"Authorization": f"Bearer {token}"})
            for token in ("x", "\x7f", *(new_token() for _ in range(3 * FEW)))
        ]

        found = [each.status_code for each in sent]
        assert found[:FEW] == [401] * FEW
        assert set(found) == {401, 429}
        assert found.count(401) < 2 * FEW
        assert len({each.text for each in sent if each.status_code == 401}) == 1
        assert "retry-after" in next(each for each in sent if each.status_code == 429).headers
        # Who sends no key guesses none.
        assert client.get("/presets").status_code == 401
        assert client.get("/metrics", headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_valid_keys_pass_where_others_fail(settings: Settings) -> None:
    """A whole class may be behind one address, and each of its keys may be new to this process."""
    with limited_client(settings, rate_failed_keys=1) as client:
        store = client.services.store.keys
        exhaust(client)

        key, token = store.create(KeySpec(scopes=(KeyScope.READ,)), "ann")
        assert client.get("/presets", headers=bearer(token)).status_code == 200
        # Only while it is valid.
        store.revoke(key.id, by=None)
        assert set(statuses(client, "GET", "/presets", 3, headers=bearer(token))) <= {401, 429}
        assert client.get("/presets", headers=bearer(token)).status_code == 429


def test_new_keys_of_an_owner_get_no_new_limit(settings: Settings) -> None:
    with limited_client(settings, rate_write=FEW) as client:
        client.sign_in(KeyScope.RUN)
        found = []
        for _ in range(3 * FEW):
            answer = client.post("/keys", json={"scopes": ["run"]})
            found.append(answer.status_code)
            if answer.status_code == 201:
                client.headers["Authorization"] = f"Bearer {answer.json()['key']}"
        assert set(found) == {201, 429}
        assert found.count(201) < 2 * FEW


def test_flood_is_limited_without_redis(settings: Settings, own_valkey: Valkey) -> None:
    with limited_client(settings.model_copy(update={"redis_url": own_valkey.url}), rate_failed_keys=60) as client:
        own_valkey.kill()

        found = statuses(client, "GET", "/presets", 1_000, headers=bearer(new_token()))

        assert found[0] == 401
        assert set(found) == {401, 429}
        # A quarter of a minute's at once, then one in four seconds.
        assert found.count(401) < 100


def test_limited_requests_are_counted(settings: Settings) -> None:
    with limited_client(settings, rate_write=1) as client:
        client.sign_in(KeyScope.ADMIN)
        statuses(client, "POST", "/queue:pause", 2)

        assert 'rate_limited_requests_total{limit="write"} 1.0' in client.get("/metrics").text


def test_owner_has_so_many_streams(settings: Settings) -> None:
    site = Site(settings.model_copy(update={"auth": "keys", "max_streams": 2}))
    try:
        store = site.store.keys
        ann, other, bob = (
            bearer(store.create(KeySpec(scopes=(KeyScope.READ,)), owner)[1]) for owner in ("ann", "ann", "bob")
        )
        with ExitStack() as stack:
            for each in (ann, other):
                assert open_stream(stack, site.url, each).status_code == 200
            rejected = local_http.get(f"{site.url}/events", headers=ann)
            assert rejected.status_code == 429
            assert "2 open streams of events" in rejected.json()["detail"]
            assert open_stream(stack, site.url, bob).status_code == 200

        def reopened() -> bool:
            with ExitStack() as stack:
                return open_stream(stack, site.url, ann).status_code == 200

        assert eventually(reopened)
    finally:
        site.close()


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        (("192.0.2.7", 80), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 80), "2001:db8:1:2::/64"),
        (("::ffff:192.0.2.7", 80), "192.0.2.7"),
        (("<script>" * 100, 0), ("<script>" * 100)[:64]),
        (None, ""),
    ],
)
def test_address_of_a_client(peer: tuple[str, int] | None, address: str) -> None:
    assert address_of({"client": peer}) == address


def test_forwarded_addresses_are_not_believed(settings: Settings) -> None:
    with limited_client(settings, rate_failed_keys=1) as client:
        exhaust(client)
        for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
            sent = {**bearer(new_token()), header: "for=192.0.2.1"}
            assert client.get("/presets", headers=sent).status_code == 429


def exhaust(client: ApiClient) -> None:
    eventually(lambda: client.get("/presets", headers=bearer(new_token())).status_code == 429)


def open_stream(stack: ExitStack, url: str, headers: dict[str, str]) -> httpx2.Response:
    return stack.enter_context(local_http.stream("GET", f"{url}/events", headers=headers))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
