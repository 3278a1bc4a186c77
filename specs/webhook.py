"""The request that adds a webhook."""

from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, ValidationError

from specs.errors import SpecError
from specs.explanation import problems_of
from specs.schema import FieldError, Lax, Schema

WebhookEvent = Literal[
    "experiment.succeeded", "experiment.failed", "experiment.cancelled", "model.promoted", "sweep.ended"
]
_DEFAULT: tuple[WebhookEvent, ...] = ("experiment.succeeded", "experiment.failed", "model.promoted", "sweep.ended")
_URL_CHARACTERS = 2_000
_EXAMPLE = "https://example.org/hooks/trainyard"


def split_url(url: str) -> SplitResult:
    """Raises FieldError for what is no address of a receiver."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise FieldError((), f"is not a URL such as {_EXAMPLE}: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii() or " " in url:
        raise FieldError((), f"expected a URL with http or https and a host, such as {_EXAMPLE}")
    if parts.username is not None or parts.password is not None:
        raise FieldError((), "has a user or a password in it; leave them out: receivers verify the signature")
    if parts.fragment:
        raise FieldError((), "ends with a fragment, which is never sent; leave out # and what follows")
    return parts


def _check_url(url: str) -> str:
    split_url(url)
    return url


def _check_events(events: tuple[WebhookEvent, ...]) -> tuple[WebhookEvent, ...]:
    # Not `min_length`, which also counts what is invalid by itself.
    if not events:
        raise FieldError((), f"is empty, so that nothing would be sent; expected some of {', '.join(_DEFAULT)}")
    return tuple(dict.fromkeys(events))


class WebhookSpec(Schema):
    """`url` receives a POST for each of `events`; by default all but `experiment.cancelled`."""

    url: Annotated[str, Field(max_length=_URL_CHARACTERS), AfterValidator(_check_url)]
    events: Annotated[tuple[WebhookEvent, ...], Lax, AfterValidator(_check_events)] = _DEFAULT


def parse_webhook(document: Any) -> WebhookSpec:
    """Raises SpecError with all problems found."""
    try:
        return WebhookSpec.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, WebhookSpec)) from None
