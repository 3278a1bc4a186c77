"""`/keys`: what a key may grant, see and revoke."""

from typing import Any

import pytest

from models_store.access.key import Key
from specs.access import KeyScope
from tests.support.api import ApiClient
from tests.support.contract import JsonObject

READ, RUN, ADMIN = KeyScope.READ, KeyScope.RUN, KeyScope.ADMIN


def create(client: ApiClient, **document: Any) -> JsonObject:
    answer = client.post("/keys", json={"scopes": ["read"], **document})
    assert answer.status_code == 201, answer.text
    body: JsonObject = answer.json()
    return body


def rejected(client: ApiClient, **document: Any) -> str:
    answer = client.post("/keys", json={"scopes": ["read"], **document})
    assert answer.status_code == 403, answer.text
    return str(answer.json()["detail"])


@pytest.fixture
def ann(keyed_client: ApiClient) -> Key:
    return keyed_client.sign_in(READ, RUN)


def test_created_key_is_shown_once_and_opens(keyed_client: ApiClient, ann: Key) -> None:
    created = create(keyed_client, name="laptop")

    assert (created["owner"], created["name"], created["scopes"]) == ("ann", "laptop", ["read"])
    assert created["key"] not in keyed_client.get("/keys").text
    keyed_client.headers["Authorization"] = f"Bearer {created['key']}"
    me = keyed_client.get("/keys/me").json()
    assert (me["id"], me["created_by"], me["expires_at"]) == (created["id"], ann.id, None)


def test_key_grants_a_part_of_itself(keyed_client: ApiClient, ann: Key) -> None:
    assert create(keyed_client, scopes=["run", "read", "run"])["scopes"] == ["read", "run"]
    assert "not predict, admin" in rejected(keyed_client, scopes=["admin", "read", "predict"])


def test_only_admins_create_keys_of_others(keyed_client: ApiClient) -> None:
    assert create(keyed_client, owner="bob", scopes=["admin"])["owner"] == "bob"

    keyed_client.sign_in(READ)

    assert create(keyed_client, owner="ann")["owner"] == "ann"
    assert "received owner bob" in rejected(keyed_client, owner="bob")


def test_keys_of_others_are_unknown(keyed_client: ApiClient) -> None:
    bob = create(keyed_client, owner="bob")
    everybody = {each["owner"] for each in keyed_client.get("/keys").json()["items"]}
    ann = keyed_client.sign_in(READ)

    assert everybody == {"root", "bob"}
    assert [each["id"] for each in keyed_client.get("/keys").json()["items"]] == [ann.id]
    for key_id in (bob["id"], "0123456789"):
        answer = keyed_client.delete(f"/keys/{key_id}")
        assert answer.status_code == 404
        assert answer.json()["detail"] == f"key {key_id} not found; GET /keys lists all"


def test_revoked_key_stays_listed(keyed_client: ApiClient, ann: Key) -> None:
    other = create(keyed_client)

    assert keyed_client.delete(f"/keys/{other['id']}").json()["revoked_at"]
    assert keyed_client.delete(f"/keys/{ann.id}").json()["revoked_at"]

    assert keyed_client.get("/keys").status_code == 401
    keyed_client.sign_in(READ)
    listed = {each["id"]: each["revoked_at"] for each in keyed_client.get("/keys").json()["items"]}
    assert listed[other["id"]]
    assert listed[ann.id]


def test_leaked_key_is_revoked_with_what_it_created(keyed_client: ApiClient, ann: Key) -> None:
    own = keyed_client.headers["Authorization"]
    child = create(keyed_client)
    keyed_client.headers["Authorization"] = f"Bearer {child['key']}"
    grandchild = create(keyed_client)
    keyed_client.headers["Authorization"] = own
    gone = create(keyed_client)
    assert keyed_client.delete(f"/keys/{gone['id']}").json()["also_revoked"] == []

    revoked = keyed_client.delete(f"/keys/{ann.id}?with_created=true").json()

    assert (revoked["id"], revoked["also_revoked"]) == (ann.id, [child["id"], grandchild["id"]])
    for key in (child, grandchild):
        assert keyed_client.get("/keys/me", headers={"Authorization": f"Bearer {key['key']}"}).status_code == 401
    lines = (keyed_client.services.settings.store_dir / "audit.jsonl").read_text().splitlines()
    assert sum("key.revoked" in line and f'"by":"{ann.id}"' in line for line in lines) == 4


def test_keys_of_others_are_not_revoked_with_it(keyed_client: ApiClient) -> None:
    bob = create(keyed_client, owner="bob")
    admin = keyed_client.get("/keys/me").json()
    keyed_client.sign_in(READ, owner="root")

    assert keyed_client.delete(f"/keys/{admin['id']}?with_created=true").json()["also_revoked"] == []

    assert keyed_client.get("/keys/me", headers={"Authorization": f"Bearer {bob['key']}"}).status_code == 200


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["write"]}, "/scopes/0"),
        ({"scopes": "read"}, "/scopes"),
        ({"owner": "../x"}, "/owner"),
        ({"owner": ""}, "/owner"),
        ({"expires_in_days": 0}, "/expires_in_days"),
        ({"expires_in_days": 1.5}, "/expires_in_days"),
        ({"name": "x" * 101}, "/name"),
        ({"role": "admin"}, "/role"),
    ],
)
def test_invalid_fields_are_pointed_at(keyed_client: ApiClient, document: JsonObject, pointer: str) -> None:
    answer = keyed_client.post("/keys", json={"scopes": ["read"], **document})

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


def test_without_keys_there_are_none(client: ApiClient) -> None:
    for method, path in (("GET", "/keys"), ("GET", "/keys/me"), ("POST", "/keys"), ("DELETE", "/keys/0123456789")):
        answer = client.request(method, path)
        assert answer.status_code == 409
        assert "TRAINYARD_AUTH=keys" in answer.json()["detail"]
