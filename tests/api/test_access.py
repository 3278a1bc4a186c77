"""Every route with every kind of key: the cases are made from the router, so that a new route is among them."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from api.access import ANYBODY, declarations, undeclared
from api.app import ROUTES, create_app
from models_store.access.store import FRESH_SECONDS
from models_store.access.token import new_token
from settings import Settings
from specs.access import KeyScope, KeySpec
from tests.support.api import ApiClient
from tests.support.waiting import eventually

# Of the documentation: they show what everybody can read in the source.
OPEN_FILES = {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc", "/static-offline-docs"}
OPEN = {
    "GET /",
    "GET /health/live",
    "GET /health/ready",
    "GET /v2/health/live",
    "GET /v2/health/ready",
    "GET /assets/{name}",
    "GET /favicon.svg",
    "GET /favicon.ico",
    "GET /manifest.webmanifest",
    "GET /login",
    "GET /login/provider",
    "GET /login/provider/callback",
    "POST /login/provider/key",
}
# Streams that would not end, at a position that is none.
QUERIES = {"GET /events": "?since=nowhere"}


class Target(NamedTuple):
    name: str
    method: str
    url: str
    scopes: list[KeyScope] | None  # None: anybody


def targets() -> Iterator[Target]:
    for module in ROUTES:
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            [declared] = declarations(route)
            scopes = (
                None if declared is ANYBODY else [KeyScope(each) for each in getattr(declared, "scopes", None) or ()]
            )
            for method in sorted(route.methods or ()):
                name = f"{method} {route.path}"
                path = re.sub(r"\{(\w+)\}", lambda match: "png" if match[1] == "image_format" else "0", route.path)
                yield Target(name, method, path + QUERIES.get(name, ""), scopes)


TARGETS = list(targets())
GUARDED = [each for each in TARGETS if each.scopes is not None]


def ask(client: ApiClient, target: Target, token: str | None) -> Any:
    client.headers.pop("Authorization", None)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.request(target.method, target.url, headers=headers)


def make_key(client: ApiClient, *scopes: KeyScope, owner: str) -> str:
    return client.services.store.keys.create(KeySpec(scopes=scopes), owner)[1]


def test_open_routes_are_known() -> None:
    assert {each.name for each in TARGETS if each.scopes is None} == OPEN


def test_every_scope_opens_something() -> None:
    assert {scope for each in GUARDED for scope in each.scopes or ()} == set(KeyScope)


def test_application_has_no_other_routes(settings: Settings) -> None:
    known = {each.name.partition(" ")[2] for each in TARGETS}

    others = {each.path for each in create_app(settings).routes if isinstance(each, Route | Mount)}

    assert others - known <= OPEN_FILES


def test_route_that_declares_nothing_is_found() -> None:
    router = APIRouter()

    @router.get("/secret")
    async def get_secret() -> None: ...

    assert undeclared(router.routes) == ["/secret"]


def test_rejected_keys_get_one_answer_everywhere(keyed_client: ApiClient) -> None:
    keys = keyed_client.services.store.keys
    expired, expired_token = keys.create(KeySpec(scopes=(KeyScope.ADMIN,), expires_in_days=1), "old")
    keys._write(expired.model_copy(update={"expires_at": expired.created_at}))
    revoked, revoked_token = keys.create(KeySpec(scopes=(KeyScope.ADMIN,)), "gone")
    keys.revoke(revoked.id, by=None)
    valid = make_key(keyed_client, KeyScope.ADMIN, owner="ann")
    bad = [None, "", "x", new_token(), valid[:-1], f"{valid}0", expired_token, revoked_token]

    for target in GUARDED:
        bodies = set()
        for token in bad:
            answer = ask(keyed_client, target, token)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), (target.name, token)
            bodies.add(answer.text)
        assert len(bodies) == 1, target.name
    for header in ("Basic YTpi", valid, f"Bearer{valid}", "Bearer"):
        assert keyed_client.get("/experiments", headers={"Authorization": header}).status_code == 401
    assert keyed_client.get("/experiments", headers={"Authorization": f"bearer {valid}"}).status_code == 200


def test_key_opens_what_its_scopes_say(keyed_client: ApiClient) -> None:
    admin = make_key(keyed_client, KeyScope.ADMIN, owner="root")
    others = {
        scope: make_key(keyed_client, *(each for each in KeyScope if each not in (scope, KeyScope.ADMIN)), owner=scope)
        for scope in KeyScope
    }

    exact = cache(lambda *scopes: make_key(keyed_client, *scopes, owner="-".join(scopes)))

    for target in GUARDED:
        for scope in target.scopes or ():
            rejected = ask(keyed_client, target, others[scope])
            assert rejected.status_code == 403, target.name
            assert rejected.json()["type"] == "urn:trainyard:problem:insufficient_scope"
            assert f"scope {scope}" in rejected.json()["detail"]
        if target.scopes:
            assert ask(keyed_client, target, exact(*target.scopes)).status_code not in (401, 403), target.name
        assert ask(keyed_client, target, admin).status_code not in (401, 403), target.name


def test_open_routes_ask_for_nothing(keyed_client: ApiClient) -> None:
    for target in TARGETS:
        if target.scopes is None:
            for token in (None, new_token()):
                assert ask(keyed_client, target, token).status_code not in (401, 403), target.name


def test_without_keys_everything_is_open(client: ApiClient) -> None:
    for target in GUARDED:
        for token in (None, new_token()):
            assert ask(client, target, token).status_code not in (401, 403), target.name


def test_document_shows_the_scopes(client: ApiClient) -> None:
    [scheme] = client.contract.document["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    by_name = {each.name: each for each in TARGETS}

    for operation in client.contract.operations():
        scopes = by_name[operation.name].scopes
        expected = None if scopes is None else [{"key": list(map(str, scopes))}]
        assert operation.described.get("security") == expected, operation.name


def test_other_spellings_of_a_path_need_the_key_too(keyed_client: ApiClient) -> None:
    keyed_client.headers.pop("Authorization")

    for path in ("/experiments", "//experiments", "/experiments/", "/%65xperiments", "///experiments//"):
        assert keyed_client.get(f"http://testserver{path}").status_code == 401, path
        assert keyed_client.head(f"http://testserver{path}").status_code == 401, path
    for path in ("/predict", "/predict?top=1", "//predict", "/predict/", "/predict?top=%31", "/%70redict"):
        assert keyed_client.post(f"http://testserver{path}").status_code == 401, path


@pytest.mark.parametrize("target", ["/predict", "/predict?top=%31"])
def test_both_ways_of_predicting_check_the_scope(keyed_client: ApiClient, target: str) -> None:
    keyed_client.sign_in(KeyScope.READ)
    assert keyed_client.post(target).status_code == 403

    keyed_client.sign_in(KeyScope.PREDICT)
    assert keyed_client.post(target).status_code not in (401, 403)


def test_two_keys_in_one_request_are_none(keyed_client: ApiClient) -> None:
    token = make_key(keyed_client, KeyScope.ADMIN, owner="ann")
    twice = [("Authorization", f"Bearer {token}")] * 2
    keyed_client.headers.pop("Authorization")

    assert keyed_client.get("/experiments", headers=twice).status_code == 401


def test_secret_is_in_no_problem(keyed_client: ApiClient) -> None:
    token = make_key(keyed_client, KeyScope.READ, owner="ann")

    for path in ("/experiments", "/keys/me", "/nowhere", "/experiments?x=1"):
        assert token[14:] not in keyed_client.get(path, headers={"Authorization": f"Bearer {token}"}).text


def test_revoked_key_is_soon_rejected_elsewhere(keyed_client: ApiClient, settings: Settings) -> None:
    key = keyed_client.sign_in(KeyScope.READ)
    with ApiClient(settings.model_copy(update={"auth": "keys"})) as other:
        other.headers["Authorization"] = keyed_client.headers["Authorization"]
        assert other.get("/presets").status_code == 200

        keyed_client.services.store.keys.revoke(key.id, by=None)

        assert keyed_client.get("/presets").status_code == 401
        eventually(lambda: other.get("/presets").status_code == 401, 10.0)
    assert FRESH_SECONDS < 10
