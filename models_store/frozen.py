"""What every stored document is built of."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

JsonObject = dict[str, Any]


class Frozen(BaseModel):
    """Immutable; every member is always in the JSON."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


def utc_now() -> datetime:
    return datetime.now(UTC)
