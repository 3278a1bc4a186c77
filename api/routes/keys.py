"""`/keys`: who may do what."""

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import request_bodies
from api.access import ANY_KEY
from api.dependencies import BodyDep, StoreDep, SyntaxDep
from api.ownership import OwnKey
from api.schemas.keys import KeyCreated, KeyList, KeyRevoked, KeyView
from api.wire.posted_spec import parse_posted_document
from models_store.access.key import Key
from models_store.errors import Forbidden, NotFound
from models_store.store import Store
from specs.access import KeySpec, parse_key_spec

router = APIRouter(tags=["keys"], dependencies=[ANY_KEY])


@router.post("/keys", status_code=HTTPStatus.CREATED, openapi_extra=request_bodies.KEY)
def create_key(body: BodyDep, syntax: SyntaxDep, store: StoreDep, own: OwnKey, response: Response) -> KeyCreated:
    """Create a key: `{"name": "laptop", "scopes": ["read", "run"]}`. A key creates keys of its own owner, with scopes
    that it has itself, which expire no later than it does; one with the scope `admin` creates any.

    The answer has the text of the key. It is never shown again. To replace a key, create another, use that, then
    revoke the old one.
    """
    spec = parse_key_spec(parse_posted_document(body, syntax, '{"scopes": ["read"]}'))
    owner = spec.owner or own.owner
    _check_grant(own, spec, owner)
    key, token = store.keys.create(spec, owner, own)
    response.headers["Location"] = f"/keys/{key.id}"
    return KeyCreated.of(key, token)


@router.get("/keys")
def list_keys(store: StoreDep, own: OwnKey) -> KeyList:
    """List the keys of your owner, without their secrets; with the scope `admin` those of everybody."""
    return KeyList(items=[KeyView.of(each) for each in store.keys.list() if _may_manage(own, each)])


@router.get("/keys/me")
def get_own_key(own: OwnKey) -> KeyView:
    """Get the key that this request was sent with: whose it is, and what it allows."""
    return KeyView.of(own)


@router.delete("/keys/{key_id}")
def revoke_key(
    key_id: str,
    store: StoreDep,
    own: OwnKey,
    with_created: Annotated[
        bool, Query(description="revoke the keys that it has created as well, and those that they have created")
    ] = False,
) -> KeyRevoked:
    """Revoke a key, which ends it for good, on every machine within 2 seconds. `with_created` is for one that has
    leaked; without it the keys that it has created stay valid. `also_revoked` has the ids of those that were revoked
    with it."""
    if not _may_manage(own, store.keys.get(key_id)):
        raise NotFound(f"key {key_id[:50]} not found; GET /keys lists all")
    # It first: from then on it creates no others.
    revoked = store.keys.revoke(key_id, own.id)
    also = store.keys.revoke_all(partial(_created_with, store, own, key_id), own.id) if with_created else ()
    return KeyRevoked(**KeyView.of(revoked).model_dump(), also_revoked=[each.id for each in also])


def _created_with(store: Store, own: Key, key_id: str) -> list[Key]:
    return [each for each in store.keys.created_with(key_id) if _may_manage(own, each)]


def _may_manage(own: Key, key: Key) -> bool:
    return own.is_admin or own.owner == key.owner


def _check_grant(own: Key, spec: KeySpec, owner: str) -> None:
    """Raises Forbidden."""
    if not own.is_admin and owner != own.owner:
        raise Forbidden(f"only an admin creates keys of others; this key is of {own.owner}, received owner {owner}")
    if not own.allows(spec.scopes):
        missing = [each for each in spec.scopes if not own.allows((each,))]
        raise Forbidden(
            f"a key cannot grant more than it has: it has {', '.join(own.scopes)}, and not {', '.join(missing)}"
        )
