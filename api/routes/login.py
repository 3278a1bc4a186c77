"""`/login`: sign in with a provider of OpenID Connect."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.openapi.models import Example
from starlette.responses import RedirectResponse

from api import content
from api.access import ANYBODY, Access
from api.dependencies import ServicesDep
from api.oidc.sign_in import SignIn
from api.schemas.keys import KeyCreated
from api.schemas.login import LoginView, SignInCode
from api.wire.query import take_any_query
from models_store.errors import NotAuthenticated, NotFound

router = APIRouter(tags=["keys"])
_SHOWN = 100
_EXAMPLE: dict[str, Example] = {
    "code": {
        "value": {
            "code": "hT5nS3xJ0cQ7aVd2kP9wLmYbRz8uGfE1",
            "verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        }
    }
}


async def limit_sign_ins(request: Request, services: ServicesDep) -> None:
    """It costs a place in Redis, and needs no key. What follows takes that place. Raises RateLimited."""
    access: Access = services.access
    await access.count_sign_in(request.scope)


async def get_sign_in(services: ServicesDep) -> SignIn:
    """Raises NotFound where no provider is configured."""
    if services.sign_in is None:
        raise NotFound("no provider signs people in here; an admin creates keys: trainyard keys create")
    return services.sign_in


SignInDep = Annotated[SignIn, Depends(get_sign_in)]
SignInBody = Annotated[SignInCode, Body(openapi_examples=_EXAMPLE)]


@router.get("/login", dependencies=[ANYBODY])
async def get_login(services: ServicesDep) -> LoginView:
    """Get whether a provider of OpenID Connect signs people in, and which."""
    issuer = services.settings.oidc_issuer if services.sign_in is not None else None
    return LoginView(provider=None if issuer is None else urlsplit(issuer).hostname)


@router.get(
    "/login/provider",
    status_code=HTTPStatus.SEE_OTHER,
    response_class=RedirectResponse,
    responses=content.REDIRECT,
    dependencies=[ANYBODY, Depends(limit_sign_ins)],
)
def begin_sign_in(
    sign_in: SignInDep,
    challenge: Annotated[
        str, Query(pattern="^[-_0-9A-Za-z]{43}$", description="the SHA-256 of a verifier, as in RFC 7636 (S256)")
    ],
    port: Annotated[
        int | None, Query(ge=1024, le=65_535, description="return to http://127.0.0.1:PORT/ instead of the page")
    ] = None,
) -> RedirectResponse:
    """Go to the provider, and then back to the page with `#login=CODE`, or to a command line with `?code=CODE`."""
    return _go_to(sign_in.begin(challenge, port))


@router.get(
    "/login/provider/callback",
    status_code=HTTPStatus.SEE_OTHER,
    response_class=RedirectResponse,
    responses=content.REDIRECT,
    dependencies=[ANYBODY, Depends(take_any_query)],
)
def finish_sign_in(
    sign_in: SignInDep,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4_000)] = "",
    error: Annotated[str, Query(max_length=1_000)] = "",
) -> RedirectResponse:
    """Where the provider sends the browser back to."""
    if error:
        raise NotAuthenticated(f"the provider has not signed you in: {error[:_SHOWN]}")
    return _go_to(sign_in.finish(state, code))


@router.post("/login/provider/key", status_code=HTTPStatus.CREATED, dependencies=[ANYBODY])
def create_key_by_sign_in(body: SignInBody, sign_in: SignInDep) -> KeyCreated:
    """Exchange the code for a key that is valid for 12 hours, of the owner and with the scopes that the account at the
    provider has. A code is valid for a minute, and once."""
    key, token = sign_in.redeem(body.code, body.verifier)
    return KeyCreated.of(key, token)


def _go_to(url: str) -> RedirectResponse:
    return RedirectResponse(url, HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
