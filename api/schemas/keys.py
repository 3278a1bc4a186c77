"""Answers about keys."""

from datetime import date, datetime

from api.schemas.answer import Answer, ItemList
from models_store.access.key import Key
from specs.access import KeyScope


class KeyView(Answer):
    """A key, without its secret. It is valid until `expires_at`, unless it was revoked. `created_by` is the id of the
    key that created it; null for one that was created on the machine of the store."""

    id: str
    owner: str
    name: str
    scopes: list[KeyScope]
    created_at: datetime
    created_by: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_on: date | None

    @classmethod
    def of(cls, key: Key) -> "KeyView":
        return cls(**{**key.model_dump(include=set(cls.model_fields)), "scopes": list(key.scopes)})


class KeyRevoked(KeyView):
    """`also_revoked` has the ids of the keys that were revoked with it, because it has created them."""

    also_revoked: list[str]


class KeyCreated(Answer):
    """`key` is the text to send; it is never shown again."""

    id: str
    owner: str
    name: str
    scopes: list[KeyScope]
    created_at: datetime
    expires_at: datetime | None
    key: str

    @classmethod
    def of(cls, key: Key, token: str) -> "KeyCreated":
        return cls(**{**key.model_dump(include=set(cls.model_fields)), "scopes": list(key.scopes)}, key=token)


class KeyList(ItemList[KeyView]):
    """Oldest first, also revoked ones."""
