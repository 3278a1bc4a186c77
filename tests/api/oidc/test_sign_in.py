"""Signing in with a provider in a process of its own, over HTTP."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from api.oidc import sign_in as module
from api.oidc.provider import challenge_of
from models_store.access.key import Key
from settings import Settings
from specs.access import KeyScope
from tests.support.api import ApiClient
from tests.support.provider import CLIENT, OpenIdProvider, code_in
from tests.support.waiting import eventually

VERIFIER = "v" * 43
CALLBACK = "http://localhost/login/provider/callback"
SCOPES = {"teachers": (KeyScope.ADMIN,), "students": (KeyScope.RUN, KeyScope.PREDICT), "*": (KeyScope.READ,)}


def configured(settings: Settings, provider: OpenIdProvider, **changes: Any) -> Settings:
    oidc: dict[str, Any] = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_redirect_uri": CALLBACK}
    secret = SecretStr("not a secret of anybody")
    return settings.model_copy(
        update={
            **oidc,
            "auth": "keys",
            "oidc_client_secret": secret,
            "oidc_scopes": SCOPES,
            "rate_failed_keys": 0,
            **changes,
        }
    )


@pytest.fixture
def oidc_settings(settings: Settings, provider: OpenIdProvider) -> Settings:
    return configured(settings, provider)


@pytest.fixture
def visitor(oidc_settings: Settings) -> Iterator[ApiClient]:
    """Somebody without a key, whose browser follows redirects by hand."""
    with ApiClient(oidc_settings) as client:
        client.follow_redirects = False
        yield client


def begin(visitor: ApiClient, **query: Any) -> str:
    answer = visitor.get(f"/login/provider?{urlencode({'challenge': challenge_of(VERIFIER), **query})}")
    assert (answer.status_code, answer.headers["cache-control"]) == (303, "no-store")
    return str(answer.headers["location"])


def come_back(visitor: ApiClient, provider: OpenIdProvider, subject: str, **query: Any) -> str:
    """The address that the browser of `subject` is sent to at last."""
    returned = provider.sign_in(begin(visitor, **query), subject)
    assert returned.startswith(CALLBACK)
    answer = visitor.get(returned.removeprefix("http://localhost"))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def redeem(visitor: ApiClient, code: str, verifier: str = VERIFIER) -> Any:
    return visitor.post("/login/provider/key", json={"code": code, "verifier": verifier})


def live_keys(visitor: ApiClient) -> list[Key]:
    return [each for each in visitor.services.store.keys.list() if each.revoked_at is None]


def test_page_gets_a_key_of_twelve_hours(visitor: ApiClient, provider: OpenIdProvider) -> None:
    provider.add("ann", groups=["students", "others"])
    location = come_back(visitor, provider, "ann")
    assert location.startswith("/#login=")

    created = redeem(visitor, code_in(location)).json()

    assert (created["owner"], created["scopes"]) == ("ann", ["read", "run", "predict"])
    [key] = live_keys(visitor)
    assert key.expires_at is not None
    assert 11.9 < (key.expires_at - key.created_at).total_seconds() / 3600 <= 12
    me = visitor.get("/keys/me", headers={"Authorization": f"Bearer {created['key']}"}).json()
    assert me["id"] == created["id"]
    assert created["key"] not in location


def test_command_line_gets_its_code_on_this_machine(visitor: ApiClient, provider: OpenIdProvider) -> None:
    provider.add("bob", groups="teachers")
    location = come_back(visitor, provider, "bob", port=54_321)
    assert location.startswith("http://127.0.0.1:54321/?code=")
    assert redeem(visitor, code_in(location)).json()["scopes"] == ["read", "admin"]


def test_code_is_good_once_and_for_who_has_begun(visitor: ApiClient, provider: OpenIdProvider) -> None:
    provider.add("ann", groups=["students"])
    stolen, used = (code_in(come_back(visitor, provider, "ann")) for _ in range(2))

    answers = [redeem(visitor, stolen, "w" * 43), redeem(visitor, stolen), redeem(visitor, "none")]

    assert redeem(visitor, used).status_code == 201
    answers.append(redeem(visitor, used))
    assert {(each.status_code, each.json()["detail"]) for each in answers} == {
        (401, "this sign-in has expired, or was used already; begin again")
    }
    assert len(live_keys(visitor)) == 1


def test_answer_of_the_provider_is_good_once(visitor: ApiClient, provider: OpenIdProvider) -> None:
    returned = provider.sign_in(begin(visitor), "ann").removeprefix("http://localhost")
    assert visitor.get(returned).status_code == 303
    assert visitor.get(returned).status_code == 401
    other = begin(visitor).partition("state=")[2].partition("&")[0]
    for query in ({}, {"state": "none", "code": "x"}, {"state": other, "code": "x"}, {"error": "access_denied"}):
        answer = visitor.get(f"/login/provider/callback?{urlencode(query)}&session_state=ignored")
        assert answer.status_code == 401, query
    assert live_keys(visitor) == []


def test_token_of_another_sign_in_is_rejected(visitor: ApiClient, provider: OpenIdProvider) -> None:
    """Its nonce is another."""
    url = begin(visitor)
    nonce = url.partition("nonce=")[2].partition("&")[0]
    returned = provider.sign_in(url.replace(nonce, "another"), "ann")
    answer = visitor.get(returned.removeprefix("http://localhost"))
    assert answer.status_code == 401
    assert "issued for another sign-in" in answer.json()["detail"]


@pytest.mark.parametrize("subject", ["-x5Jq", "_-0aB", "--Zk_"])
def test_subject_may_be_any_base64url(visitor: ApiClient, provider: OpenIdProvider, subject: str) -> None:
    provider.add(subject, groups=["students"])
    assert redeem(visitor, code_in(come_back(visitor, provider, subject))).json()["owner"] == subject


@pytest.mark.parametrize(
    ("subject", "changes", "detail"),
    [
        ("ann", {"oidc_scopes": None}, "none of your groups may use this service"),
        ("ann", {"oidc_scopes": {"teachers": (KeyScope.ADMIN,)}}, "none of your groups may use this service"),
        ("auth0|ann", {}, "cannot be the name of an owner"),
        ("ann", {"oidc_owner_claim": "nickname"}, "the claim nickname of your account is 'None'"),
        ("ann", {"oidc_owner_claim": "groups"}, "cannot be the name of an owner"),
        ("ann@example.org", {"oidc_owner_claim": "email"}, "has not verified the address ann@example.org"),
    ],
)
def test_who_may_not_use_the_service_is_told(
    settings: Settings, provider: OpenIdProvider, subject: str, changes: dict[str, Any], detail: str
) -> None:
    provider.add(subject, email=subject, groups=["students"])
    with ApiClient(configured(settings, provider, **changes)) as visitor:
        visitor.follow_redirects = False
        answer = redeem(visitor, code_in(come_back(visitor, provider, subject)))
        assert answer.status_code == 403
        assert answer.json()["type"] == "urn:trainyard:problem:not_admitted"
        assert detail in answer.json()["detail"]
        assert live_keys(visitor) == []


def test_oldest_sign_in_makes_room(
    visitor: ApiClient, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_KEYS", 2)
    provider.add("ann", groups=["students"])
    ids = [redeem(visitor, code_in(come_back(visitor, provider, "ann"))).json()["id"] for _ in range(3)]
    assert [each.id for each in live_keys(visitor)] == ids[1:]


@pytest.mark.parametrize(
    "query", ["", "?challenge=short", f"?challenge={'c' * 43}&port=80", f"?challenge={'c' * 43}&next=x"]
)
def test_sign_in_needs_a_challenge(visitor: ApiClient, query: str) -> None:
    assert visitor.get(f"/login/provider{query}").status_code == 422


def test_sign_ins_are_limited_by_address(settings: Settings, provider: OpenIdProvider) -> None:
    with ApiClient(configured(settings, provider, rate_sign_ins=2)) as visitor:
        visitor.follow_redirects = False
        url = f"/login/provider?challenge={challenge_of(VERIFIER)}"
        statuses = [visitor.get(url).status_code for _ in range(8)]
        assert statuses[0] == 303
        assert statuses[-1] == 429
        assert statuses.count(303) < 6


def test_who_has_begun_is_let_finish(settings: Settings, provider: OpenIdProvider) -> None:
    """A class signs in at once from one address: a sign-in counts once, not each of its three steps."""
    provider.add("ann", groups=["students"])
    with ApiClient(configured(settings, provider, rate_sign_ins=2, rate_failed_keys=1)) as visitor:
        visitor.follow_redirects = False
        for _ in range(2):
            assert redeem(visitor, code_in(come_back(visitor, provider, "ann"))).status_code == 201


def test_login_says_where_people_sign_in(visitor: ApiClient, client: ApiClient) -> None:
    assert visitor.get("/login").json() == {"provider": "127.0.0.1"}
    assert client.get("/login").json() == {"provider": None}
    for method, path in (("GET", f"/login/provider?challenge={'c' * 43}"), ("GET", "/login/provider/callback")):
        assert client.request(method, path).status_code == 404
    assert redeem(client, "x").status_code == 404


# -- tokens in place of keys -----------------------------------------------------------------------------------------


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_token_opens_what_its_groups_say(
    visitor: ApiClient, provider: OpenIdProvider, tiny_document: dict[str, Any]
) -> None:
    provider.add("ann", groups=["students"])
    token = bearer(provider.token("ann"))
    eventually(lambda: visitor.get("/experiments", headers=token).is_success)

    me = visitor.get("/keys/me", headers=token).json()
    assert (me["owner"], me["scopes"]) == ("ann", ["read", "run", "predict"])
    posted = visitor.post("/experiments", json=tiny_document, headers=token)
    assert posted.json()["owner"] == "ann"
    assert visitor.post("/queue:pause", headers=token).status_code == 403
    made = visitor.post("/keys", json={"scopes": ["read"]}, headers=token).json()
    assert made["expires_at"] == me["expires_at"]


def test_other_tokens_get_the_one_answer(visitor: ApiClient, provider: OpenIdProvider) -> None:
    provider.add("ann", groups=["students"])
    token = provider.token("ann")
    known = visitor.get("/presets", headers=bearer("ty_none"))
    for each in (provider.token("ann", audience="other"), token[:-4] + "AAAA", "a.b.c", f"{token}.x"):
        answer = visitor.get("/presets", headers=bearer(each))
        assert (answer.status_code, answer.text) == (401, known.text)


def test_token_without_a_provider_is_no_key(keyed_client: ApiClient, provider: OpenIdProvider) -> None:
    assert keyed_client.get("/presets", headers=bearer(provider.token("ann"))).status_code == 401


def test_token_ends_when_it_says(visitor: ApiClient, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    provider.add("ann", groups=["students"])
    token = bearer(provider.token("ann"))
    assert visitor.get("/presets", headers=token).status_code == 200
    monkeypatch.setattr(Key, "is_live", lambda *_: False)
    assert visitor.get("/presets", headers=token).status_code == 401


def test_known_tokens_pass_where_others_fail(settings: Settings, provider: OpenIdProvider) -> None:
    """An unknown one, whose signature is expensive to verify, waits."""
    provider.add("ann", groups=["students"])
    known, unknown = (provider.token("ann", nonce=each) for each in ("one", "two"))
    with ApiClient(configured(settings, provider, rate_failed_keys=1)) as visitor:
        eventually(lambda: visitor.get("/presets", headers=bearer(known)).is_success)
        eventually(lambda: visitor.get("/presets", headers=bearer("a.b.c")).status_code == 429)

        assert visitor.get("/presets", headers=bearer(known)).status_code == 200
        assert visitor.get("/presets", headers=bearer(unknown)).status_code == 429
