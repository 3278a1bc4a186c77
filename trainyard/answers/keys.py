"""Keys."""

from datetime import date, datetime

from pydantic import Field

from trainyard.answers.base import Answer


class Key(Answer):
    """A key, without its secret; `created_by` is the id of the key that created it."""

    id: str
    owner: str
    name: str
    scopes: list[str]
    created_at: datetime
    created_by: str | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_on: date | None = None


class RevokedKey(Key):
    """`also_revoked` has the ids of the keys that were revoked with it, because it has created them."""

    also_revoked: list[str] = Field(default_factory=list)


class NewKey(Answer):
    """`key` is the text to send; it is never shown again."""

    id: str
    owner: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None = None
    key: str


class Login(Answer):
    """`provider` is the host of who signs people in; None where an admin gives out keys."""

    provider: str | None = None
