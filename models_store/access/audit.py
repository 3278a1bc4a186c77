"""Who created and revoked which key: one line each in `audit.jsonl`, which is only ever appended to."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field

from models_store.access.key import Key
from models_store.files import append_line
from models_store.frozen import Frozen, utc_now
from specs.access import KeyScope

FILE = "audit.jsonl"
Action = Literal["key.created", "key.revoked"]


class AuditLine(Frozen):
    """`by` is the id of the key that was used, null on the machine of the store; `owner` and `scopes` are those of
    `key`."""

    at: datetime = Field(default_factory=utc_now)
    by: str | None
    action: Action
    key: str
    owner: str
    scopes: tuple[KeyScope, ...]


def write_audit_line(root: Path, action: Action, key: Key, by: str | None) -> None:
    """Raises StorageFull."""
    line = AuditLine(by=by, action=action, key=key.id, owner=key.owner, scopes=key.scopes)
    append_line(root / FILE, line.model_dump_json().encode())
