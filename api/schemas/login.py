"""Signing in."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.answer import Answer


class LoginView(Answer):
    """How to get a key: null where only an admin gives them out; else `provider` is the host of who signs people in."""

    provider: str | None


class SignInCode(BaseModel):
    """`code` is what the browser has brought back, `verifier` that whose SHA-256 was the `challenge`."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=1, max_length=200)]
    verifier: Annotated[str, Field(min_length=43, max_length=128)]
