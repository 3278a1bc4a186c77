"""Problems of a rejected document, and the formatting of received values in messages."""

import json
import math
from collections.abc import Collection, Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

FieldPath = tuple[str | int, ...]  # names and indices from an object down to a field

_MAX_CHARACTERS = 100
_MAX_MEMBERS = 8
_EXACT_INTEGER = 2**53  # the largest that every JSON reader represents exactly


class Problem(BaseModel):
    """One problem of a document. `pointer` is the JSON pointer (RFC 6901) of the field, "" for the whole document.

    `received` is the value at the pointer, abbreviated if it is long; None if the field is missing.
    """

    model_config = ConfigDict(frozen=True)

    pointer: str
    detail: str
    received: Any = None

    def __str__(self) -> str:
        return f"{self.pointer}: {self.detail}" if self.pointer else self.detail


def pointer_of(path: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) of `path`, with long names abbreviated."""
    return "".join(f"/{shorten(str(part)).replace('~', '~0').replace('/', '~1')}" for part in path)


def shorten(text: str) -> str:
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}…"


def quantity(number: int, singular: str, plural: str = "") -> str:
    """Format a number with its noun: "1 sample", "2 samples"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def received_value(value: Any) -> Any:
    """`value` itself if it is short and JSON can represent it, otherwise a description of it."""
    if isinstance(value, str):
        return shorten(value)
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


def format_value(value: Any) -> str:
    """`value` as JSON text, or a description of it if it is long."""
    received = received_value(value)
    is_description = isinstance(received, str) and not isinstance(value, str)
    return received if is_description else json.dumps(received, ensure_ascii=False)


def _large_integer(value: int) -> str:
    return f"a number of about {value.bit_length() * math.log10(2):.0f} digits"


def _list(value: list[Any] | tuple[Any, ...]) -> Any:
    if _is_large(value):
        return f"a list of {len(value):,} items"
    return [received_value(member) for member in value]


def _object(value: dict[Any, Any]) -> Any:
    if _is_large(value.values()):
        return f"an object with {len(value):,} fields"
    return {shorten(str(name)): received_value(member) for name, member in value.items()}


def _is_large(members: Collection[Any]) -> bool:
    return len(members) > _MAX_MEMBERS or any(isinstance(member, list | tuple | dict) for member in members)
