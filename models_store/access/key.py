"""A key, without its secret."""

from collections.abc import Collection
from datetime import date, datetime

from models_store.frozen import Frozen
from models_store.versions import SCHEMA_VERSION, SchemaVersion
from specs.access import KeyScope


class Key(Frozen):
    """`digest` is the HMAC-SHA256 of the whole key, in hexadecimal. `created_by` is the id of the key that created it,
    null for one that was created on the machine of the store."""

    schema_version: SchemaVersion = SCHEMA_VERSION
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

    @property
    def is_admin(self) -> bool:
        return KeyScope.ADMIN in self.scopes

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def allows(self, scopes: Collection[KeyScope]) -> bool:
        return self.is_admin or all(each in self.scopes for each in scopes)
