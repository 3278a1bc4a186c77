"""Pages of records: filters, order, cursor."""

import base64
import binascii
from typing import Annotated, Literal, cast

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from models_store.errors import InvalidCursor
from models_store.experiments.record import Record, Status

Order = Literal["created_at", "val_accuracy"]
# A cursor: the order, and the score and the id of the last record of the previous page.
_Cursor = TypeAdapter(tuple[str, Annotated[float, Field(allow_inf_nan=False)], str])
ORDERS: tuple[Order, ...] = ("created_at", "val_accuracy")


class Query(BaseModel):
    """One page of records. `sort` is an order's name, with `-` for descending."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Status | None = None
    dataset: str | None = Field(default=None, max_length=100)
    tag: str | None = Field(default=None, max_length=50)
    sweep: str | None = Field(default=None, max_length=50)
    group: str | None = Field(default=None, max_length=50)
    name: str | None = Field(default=None, max_length=100, description="part of the name; case is ignored")
    sort: Literal["created_at", "-created_at", "val_accuracy", "-val_accuracy"] = "-created_at"
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=200)

    @property
    def order(self) -> Order:
        return cast(Order, self.sort.removeprefix("-"))

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def is_selective(self) -> bool:
        """True if a page must look at more entries than it shows."""
        return self.name is not None or len(self.filters()) > 1

    def accepts(self, record: Record) -> bool:
        return (
            (self.status is None or record.status is self.status)
            and (self.dataset is None or record.dataset == self.dataset)
            and (self.tag is None or self.tag in record.tags)
            and (self.sweep is None or self.sweep == record.sweep)
            and (self.group is None or self.group == record.group)
            and (self.name is None or self.name.lower() in record.name.lower())
        )

    def filters(self) -> list[str]:
        """The index filters that every answer must be in; a page walks the smallest of them."""
        named = {name: getattr(self, name) for name in ("status", "dataset", "tag", "sweep", "group")}
        return [f"{name}={value}" for name, value in named.items() if value is not None] or ["all"]


class Page(BaseModel):
    items: list[Record]
    next_cursor: str | None


def encode_cursor(query: Query, score: float, last_id: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([query.sort, score, last_id])).decode()


def decode_cursor(cursor: str, query: Query) -> tuple[float, str]:
    """The score and the id. Raises InvalidCursor."""
    try:
        sort, score, last_id = _Cursor.validate_json(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor("this cursor was not made by this service; start again without one") from error
    if sort != query.sort:
        raise InvalidCursor(f"this cursor belongs to sort={sort}, not to sort={query.sort}")
    return score, last_id
