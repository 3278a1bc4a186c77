"""Who created and revoked which key: one line each in `audit.jsonl`, which is only ever appended to."""

import os
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field

from models_store.access.key import Key
from models_store.files import storage_errors
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
    with storage_errors(FILE):
        descriptor = os.open(root / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, line.model_dump_json().encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
