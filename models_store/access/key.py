"""A key, without its secret."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Self

from models_store.versions import Stored
from specs.access import KeyScope


class Key(Stored):
    """`digest` is the HMAC-SHA256 of the whole key, in hexadecimal. `created_by` is the id of the key that created it,
    null for one that was created on the machine of the store."""

    id: str
    owner: str
    name: str = ""
    scopes: tuple[KeyScope, ...]
    digest: str
    created_at: datetime
    created_by: str | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_on: date | None = None

    @classmethod
    def of_provider(
        cls, key_id: str, owner: str, scopes: tuple[KeyScope, ...], issued_at: float, expires_at: float
    ) -> Self:
        """A token of the provider, which the store does not have. Times are in seconds since 1970."""
        created, expires = (datetime.fromtimestamp(at, UTC) for at in (issued_at, expires_at))
        return cls(id=key_id, owner=owner, scopes=scopes, digest="", created_at=created, expires_at=expires)

    @property
    def is_stored(self) -> bool:
        """False for a token of the provider."""
        return self.digest != ""

    @property
    def is_admin(self) -> bool:
        return KeyScope.ADMIN in self.scopes

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def allows(self, scopes: Collection[KeyScope]) -> bool:
        return self.is_admin or all(each in self.scopes for each in scopes)
