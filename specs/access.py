"""What a key allows, and the request that creates one."""

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from specs.errors import SpecError
from specs.explanation import problems_of
from specs.schema import FieldError, Lax, Schema

# Subjects of providers may be base64url, which also begins with - or _.
_OWNER = re.compile("(?=[_-]*[A-Za-z0-9])[A-Za-z0-9._@-]{1,64}")
_NAME_CHARACTERS = 100
_MAX_DAYS = 3_650


class KeyScope(StrEnum):
    READ = "read"  # everything that can be looked at
    RUN = "run"  # experiments, sweeps and evaluations
    DATA = "data"  # datasets
    SERVE = "serve"  # which model serves
    PREDICT = "predict"
    TEACH = "teach"  # labels for predictions and samples
    ADMIN = "admin"  # all of these, others' objects, the queue, webhooks


def _check_scopes(scopes: tuple[KeyScope, ...]) -> tuple[KeyScope, ...]:
    # Not `min_length`, which also counts what is invalid by itself.
    if not scopes:
        raise FieldError((), f"is empty, so that the key would allow nothing; expected some of {', '.join(KeyScope)}")
    return tuple(scope for scope in KeyScope if scope in scopes)


def is_owner(name: str) -> bool:
    """Whether `name` is in the form of an owner's; only those become part of a path."""
    return _OWNER.fullmatch(name) is not None


def _check_owner(owner: str) -> str:
    if not is_owner(owner):
        raise FieldError((), "expected 1 to 64 letters, digits and . _ @ -, such as ann or ann@example.org")
    return owner


class KeySpec(Schema):
    """A key of `owner`, by default that of its creator, that allows `scopes`. `name` says what it is for. Without
    `expires_in_days` it is valid until it is revoked, or the key that creates it expires."""

    owner: Annotated[str, AfterValidator(_check_owner)] | None = None
    name: Annotated[str, Field(max_length=_NAME_CHARACTERS)] = ""
    scopes: Annotated[tuple[Annotated[KeyScope, Lax], ...], Lax, AfterValidator(_check_scopes)]
    expires_in_days: Annotated[int, Field(ge=1, le=_MAX_DAYS)] | None = None


def parse_key_spec(document: Any) -> KeySpec:
    """Raises SpecError with all problems found."""
    try:
        return KeySpec.model_validate(document)
    except ValidationError as error:
        raise SpecError(problems_of(error, document, KeySpec)) from None
