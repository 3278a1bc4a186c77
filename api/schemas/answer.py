"""Base classes of answers."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

Item = TypeVar("Item")


def is_none(value: object) -> bool:
    """For `exclude_if`."""
    return value is None


class Answer(BaseModel):
    """Every member is always in the JSON, except those with `exclude_if`."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class ItemList(Answer, Generic[Item]):
    """All items: `next_cursor` is always null."""

    items: list[Item]
    next_cursor: None = None
