"""The page, and the liveness probe at the same path."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Request, Response

from api import content
from api.access import ANYBODY
from api.dependencies import PageDep
from api.wire.caching import ValidatorsDep
from api.wire.negotiation import negotiate
from api.wire.tensorflow_serving import ServerAlive

router = APIRouter(dependencies=[ANYBODY])
Encodings = Annotated[str, Header(alias="accept-encoding", include_in_schema=False)]


@router.get(
    "/",
    response_model=ServerAlive,
    responses={**content.or_not_modified(content.text(content.HTML)), **content.PROTOCOL_PROBLEMS},
    tags=["TensorFlow Serving"],
)
def check_alive(
    page: PageDep,
    validators: ValidatorsDep,
    accept: Annotated[list[str] | None, Header(include_in_schema=False)] = None,
    accept_encoding: Encodings = "",
) -> Response:
    """Liveness probe of KServe's v1 clients; browsers get the page."""
    media_type, headers = negotiate(",".join(accept or ()), [content.JSON, content.HTML])
    if media_type == content.HTML:
        return page.index(validators, accept_encoding, headers["Vary"])
    return Response(ServerAlive().model_dump_json(), media_type=content.JSON, headers=headers)


@router.get("/assets/{name}", include_in_schema=False)
def get_asset(name: str, page: PageDep, validators: ValidatorsDep, accept_encoding: Encodings = "") -> Response:
    """Get a file of the page."""
    return _found(page.asset(name, validators, accept_encoding))


@router.get("/favicon.svg", include_in_schema=False)
@router.get("/favicon.ico", include_in_schema=False)
@router.get("/manifest.webmanifest", include_in_schema=False)
def get_root_file(
    request: Request, page: PageDep, validators: ValidatorsDep, accept_encoding: Encodings = ""
) -> Response:
    """Get a file that browsers look for at the root."""
    return _found(page.root_file(request.scope["path"].lstrip("/"), validators, accept_encoding))


def _found(answer: Response | None) -> Response:
    if answer is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return answer
