"""Base classes of answers."""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

Item = TypeVar("Item")
JsonObject = dict[str, Any]


class Answer(BaseModel):
    """JSON of the API with typed members. Members that a newer API adds are kept as they are."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())

    def __str__(self) -> str:
        return repr(self)

    def to_dict(self) -> JsonObject:
        """The JSON as the API sent it."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class ItemList(Answer, Generic[Item]):
    """All items of a short list; a sequence of them. `total` counts also those beyond the limit, where there is one."""

    items: list[Item]
    total: int | None = None

    def __iter__(self) -> Iterator[Item]:  # type: ignore[override] # pydantic's iterates over members
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Item:
        return self.items[index]
