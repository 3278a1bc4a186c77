"""Who may call a route. Each declares which scope a key must have, or that anybody may: `create_app` rejects a route
that declares nothing."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import cache, partial
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Annotated, cast

from fastapi import Depends, Request, params
from fastapi.openapi.models import HTTPBearer
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.routing import BaseRoute
from starlette.types import Scope

from api.metrics import Metrics
from api.oidc.provider import Provider
from api.oidc.sign_in import SignIn
from api.oidc.tokens import ProviderTokens
from api.owner_places import OwnerPlaces, OwnerRequests, call_at_answer
from api.request_limits import RequestLimits
from models_store.access.key import Key
from models_store.access.sign_ins import SignIns
from models_store.access.store import KeyStore
from models_store.errors import InsufficientScope, NotAuthenticated
from models_store.store import Store
from models_store.visibility import Viewer, show_to
from settings import Settings
from specs.access import KeyScope

_KEY = "trainyard.key"
_SCHEME = b"bearer "
_INVALID = (
    "no valid key: send `Authorization: Bearer ty_...`; `trainyard login` asks for a key and keeps it, and "
    "`trainyard keys create` makes one"
)


class Access:
    """What a request may do and see, and how often. Without `keys` (TRAINYARD_AUTH=none) everybody may do
    everything."""

    def __init__(
        self,
        keys: KeyStore | None,
        limits: RequestLimits,
        teaches: Callable[[str, str], bool],
        tokens: ProviderTokens | None = None,
    ) -> None:
        """`teaches` returns whether the first of two owners teaches the second; `tokens` of a provider are accepted in
        place of keys."""
        self._keys = keys
        self._limits = limits
        self._teaches = teaches
        self._tokens = tokens
        self.places = OwnerPlaces()
        self.requests = OwnerRequests()

    @property
    def uses_keys(self) -> bool:
        return self._keys is not None

    async def admit(self, scope: Scope, needed: Sequence[str]) -> None:
        """From here on the stores show this request what its key may see. Raises NotAuthenticated, RateLimited,
        TooManyAtOnce, InsufficientScope; NotAdmitted and Unavailable for a token."""
        if self._keys is None:
            return
        token = _bearer_token(scope)
        if not token:
            raise NotAuthenticated(_INVALID)
        if self._tokens is not None and self._tokens.is_one(token):
            if not self._tokens.is_known(token):
                self._limits.check_address(scope)
            key = await self._tokens.verify(token)
        else:
            key = self._keys.verify(token)
        if key is None:
            await self._limits.count_failure(scope)
            raise NotAuthenticated(_INVALID)
        await self._limits.count_request(scope, key, needed)
        await self._limits.count_rejected("begun", self.requests.begin(key.owner, scope))
        _check_scopes(key, needed, "this")
        scope[_KEY] = key
        show_to(None if key.is_admin else Viewer(key.owner, partial(self._teaches, key.owner)))

    async def take_place(self, scope: Scope) -> None:
        """Of the owner of an admitted request, until its answer begins: what is computed in a thread must leave threads
        to others. Predictions and streams take none; they have limits of their own. Raises TooManyAtOnce."""
        owner = owner_of(scope)
        if owner is not None and _uses_thread(scope["endpoint"]):
            await self._limits.count_rejected("at_once", self.places.take(owner, scope))

    @asynccontextmanager
    async def without_place(self, scope: Scope) -> AsyncIterator[None]:
        """While a body arrives, which takes as long as its client likes, and no thread: the place is given back, and
        taken again once the body is there. Raises TooManyAtOnce."""
        call_at_answer(scope)
        yield
        await self.take_place(scope)

    async def count_predictions(self, scope: Scope, count: int) -> None:
        """Of an admitted request that takes as much as so many more: all or none. Raises RateLimited."""
        key = key_of(scope)
        if key is not None:
            await self._limits.count_predictions(scope, key, count)

    async def count_sign_in(self, scope: Scope) -> None:
        """Of somebody who has no key yet. Raises RateLimited."""
        if self._keys is not None:
            await self._limits.count_sign_in(scope)

    @asynccontextmanager
    async def stream(self, scope: Scope) -> AsyncIterator[None]:
        """While a stream of events is open. Raises TooManyStreams."""
        key = key_of(scope)
        async with nullcontext() if key is None else self._limits.stream(key):
            yield

    def still_allows(self, scope: Scope) -> bool:
        """Whether the key of an answer that takes long was not revoked meanwhile."""
        key = key_of(scope)
        return self._keys is None or (key is not None and self._keys.is_live(key))


def open_access(settings: Settings, store: Store, metrics: Metrics) -> tuple[Access, SignIn | None]:
    """And what signs people in, if there is a provider. Raises OSError if the store is not writable."""
    limits = RequestLimits(store.rate_limiter, store.open_streams, settings, metrics)
    if settings.auth == "none":
        return Access(None, limits, store.classes.teaches), None
    store.keys.prepare()
    if settings.oidc_issuer is None:
        return Access(store.keys, limits, store.classes.teaches), None
    provider = Provider(settings)
    sign_in = SignIn(provider, settings, SignIns(store.redis), store.keys, store.classes.has_student)
    tokens = ProviderTokens(provider, settings, store.classes.has_student)
    return Access(store.keys, limits, store.classes.teaches, tokens), sign_in


class _KeyScheme(SecurityBase):
    """The security scheme of the OpenAPI document, and the dependency that checks it."""

    def __init__(self) -> None:
        self.model = HTTPBearer(
            description="A key, `ty_...`, with the scopes of the operation. A service that runs with "
            "TRAINYARD_AUTH=none, as on a laptop, asks for none."
        )
        self.scheme_name = "key"

    async def __call__(self, request: Request, needed: SecurityScopes) -> None:
        access: Access = request.app.state.services.access
        await access.admit(request.scope, needed.scopes)
        await access.take_place(request.scope)


async def _allow_anybody() -> None:
    """A dependency of probes and of the files of the page."""


_scheme = _KeyScheme()
ANYBODY = Depends(_allow_anybody)
ANY_KEY = params.Security(_scheme)
READ, RUN, DATA, SERVE, PREDICT, TEACH, ADMIN = (params.Security(_scheme, scopes=[each]) for each in KeyScope)
# An explanation shows samples of an experiment as well as predictions.
EXPLAIN = params.Security(_scheme, scopes=[KeyScope.READ, KeyScope.PREDICT])


def undeclared(routes: Iterable[BaseRoute]) -> list[str]:
    """The paths of those that do not declare who may call them, exactly once."""
    return [each.path for each in routes if isinstance(each, APIRoute) and len(declarations(each)) != 1]


def declarations(route: APIRoute) -> list[params.Depends]:
    """What a route declares."""
    return [each for each in route.dependencies if each.dependency in (_scheme, _allow_anybody)]


def key_of(scope: Scope) -> Key | None:
    """The key of a request; None where none is asked for."""
    return cast("Key | None", scope.get(_KEY))


def owner_of(scope: Scope) -> str | None:
    """Whose what a request creates will be: nobody's where no keys are asked for."""
    key = key_of(scope)
    return None if key is None else key.owner


async def get_standing(request: Request) -> AsyncIterator[Callable[[], bool]]:
    access: Access = request.app.state.services.access
    async with access.stream(request.scope):
        yield partial(access.still_allows, request.scope)


# Of a stream, which counts while it is open: whether its key is still valid, asked before each event.
StillAllowed = Annotated[Callable[[], bool], Depends(get_standing)]


def require_scope(key: Key | None, scope: KeyScope, what: str) -> None:
    """For a part of what a route does, named by `what`. Raises InsufficientScope."""
    if key is not None:
        _check_scopes(key, [scope], what)


@cache
def _uses_thread(endpoint: Callable[..., object]) -> bool:
    """Whether FastAPI runs a route in one of the threads that all requests share."""
    return not (iscoroutinefunction(endpoint) or isasyncgenfunction(endpoint))


def _check_scopes(key: Key, needed: Sequence[str], what: str) -> None:
    if not key.is_admin and (missing := [each for each in needed if each not in key.scopes]):
        raise InsufficientScope(
            f"{what} needs a key with the scope {' and '.join(missing)}; the one that was sent has "
            f"{', '.join(key.scopes)}"
        )


async def get_key(request: Request) -> Key | None:
    return key_of(request.scope)


KeyDep = Annotated[Key | None, Depends(get_key)]


def _bearer_token(scope: Scope) -> str | None:
    sent = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(sent) != 1 or sent[0][: len(_SCHEME)].lower() != _SCHEME:
        return None
    token: str = sent[0][len(_SCHEME) :].strip().decode("latin-1")
    return token
