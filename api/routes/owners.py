"""`/owners`: what each may use, and what it uses."""

from datetime import timedelta

from fastapi import APIRouter

from api import request_bodies
from api.access import ADMIN, ANY_KEY, RUN
from api.dependencies import BodyDep, StoreDep, SyntaxDep
from api.ownership import OwnKey
from api.schemas.owners import OwnerList, OwnerView
from api.wire.posted_spec import parse_posted_document
from models_store.errors import NotFound
from models_store.frozen import utc_now
from models_store.owners.ledger import next_month
from models_store.owners.predictions import day_of
from models_store.store import Store
from specs.access import is_owner
from specs.edit import parse_owner_edit
from specs.quota import parse_quota

router = APIRouter(tags=["keys"])


@router.get("/owners", dependencies=[ADMIN])
def list_owners(store: StoreDep) -> OwnerList:
    """List all who have a key, an experiment, a dataset, a sweep or a quota of their own, with what each may use and
    uses. The bytes of each are up to 30 seconds old; who was not looked at since costs a look at all their files."""
    return OwnerList(items=[_view(store, each) for each in sorted(store.known_owners())])


@router.get("/owners/me", dependencies=[ANY_KEY])
def get_own_quota(store: StoreDep, key: OwnKey) -> OwnerView:
    """Get what the owner of your key may use, and what it uses."""
    return _view(store, key.owner)


@router.patch("/owners/me", openapi_extra=request_bodies.OWNER_EDIT, dependencies=[RUN])
def edit_own_defaults(body: BodyDep, syntax: SyntaxDep, store: StoreDep, key: OwnKey) -> OwnerView:
    """Choose whether what you create is private unless a request says otherwise: `{"private": true}`; null is the
    default of the service. What there is stays as it is. The body is a JSON merge patch."""
    edit = parse_owner_edit(parse_posted_document(body, syntax, '{"private": true}'))
    store.quotas.owners.set_private(key.owner, edit.private)
    return _view(store, key.owner)


@router.get("/owners/{name}", dependencies=[ADMIN])
def get_owner(name: str, store: StoreDep) -> OwnerView:
    """Get what an owner may use, and what it uses. An owner without keys and experiments uses nothing."""
    return _view(store, _check_name(name))


@router.put("/owners/{name}", openapi_extra=request_bodies.QUOTA, dependencies=[ADMIN])
def set_quota(name: str, body: BodyDep, syntax: SyntaxDep, store: StoreDep) -> OwnerView:
    """Set what an owner may use: `{"running": 2, "queued": 50, "training_minutes": 600, "bytes": 5000000000,
    "predictions": 10000}`. What is left out, or null, is as the settings say. It holds within 2 seconds; what runs
    continues, and what waits beyond a new limit stays."""
    quota = parse_quota(parse_posted_document(body, syntax, '{"running": 2}'))
    store.quotas.owners.set(_check_name(name), quota)
    return _view(store, name)


def _check_name(name: str) -> str:
    """Raises NotFound; only the name of an owner becomes part of a path."""
    if not is_owner(name):
        raise NotFound(
            f"{name[:64]!r} is not the name of an owner; expected 1 to 64 letters, digits and . _ @ -, such as ann"
        )
    return name


def _view(store: Store, name: str) -> OwnerView:
    now, owners = utc_now(), store.quotas.owners
    own = owners.get(name)
    return OwnerView(
        name=name,
        quota=owners.quota(name),
        own=own.quota,
        private=owners.is_private(name),
        own_private=own.private,
        used=store.quotas.used(name),
        month_ends_at=next_month(now),
        day_ends_at=day_of(now) + timedelta(days=1),
    )
