"""One thing that is wrong with a document."""

import json
import math
from collections.abc import Collection, Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

_SHOWN_CHARACTERS = 100
_SHOWN_MEMBERS = 8
_EXACT_INTEGER = 2**53  # what every JSON reader can hold


class Problem(BaseModel):
    """`pointer` is the JSON pointer (RFC 6901) of the field, "" for the whole document.

    `received` is what stood there as a JSON value, cut short where it is long; None where nothing stood.
    """

    model_config = ConfigDict(frozen=True)

    pointer: str
    detail: str
    received: Any = None

    def __str__(self) -> str:
        return f"{self.pointer}: {self.detail}" if self.pointer else self.detail


def pointer_of(path: Iterable[str | int]) -> str:
    """RFC 6901, with over-long names cut short."""
    return "".join(f"/{shortened(str(part)).replace('~', '~0').replace('/', '~1')}" for part in path)


def shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def received_value(value: Any) -> Any:
    """`value` if it is short and JSON can carry it, else a few words about it."""
    if isinstance(value, str):
        return shortened(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT_INTEGER else _large_integer(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return _list(value)
    if isinstance(value, dict):
        return _object(value)
    return f"a value of type {type(value).__name__}"


def shown(value: Any) -> str:
    """`value` as it would be written in a document, or a few words about it."""
    received = received_value(value)
    described = isinstance(received, str) and not isinstance(value, str)
    return received if described else json.dumps(received, ensure_ascii=False)


def _large_integer(value: int) -> str:
    return f"a number of about {value.bit_length() * math.log10(2):.0f} digits"


def _list(value: list[Any] | tuple[Any, ...]) -> Any:
    if _is_large(value):
        return f"a list of {len(value):,} items"
    return [received_value(member) for member in value]


def _object(value: dict[Any, Any]) -> Any:
    if _is_large(value.values()):
        return f"an object with {len(value):,} fields"
    return {shortened(str(name)): received_value(member) for name, member in value.items()}


def _is_large(members: Collection[Any]) -> bool:
    return len(members) > _SHOWN_MEMBERS or any(isinstance(member, list | tuple | dict) for member in members)
