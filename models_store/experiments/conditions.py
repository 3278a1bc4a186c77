"""Conditions on the values of a field: `val_accuracy>0.98`."""

import operator
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from models_store.experiments.fields import Value

Operator = Literal["=", "!=", ">", ">=", "<", "<="]
_ORDERS: dict[Operator, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_NONE = ("", "null")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class Condition:
    """Of a list any element may fulfil it; `!=` none must be equal. `text` is compared as what the value is: a number,
    a time, a boolean or a text; `null`, or nothing, is where there is no value."""

    field: str
    operator: Operator
    text: str

    def accepts(self, values: Sequence[Value]) -> bool:
        if self.operator == "!=":
            return not any(map(self._equals, values))
        return any(map(self._equals if self.operator == "=" else self._is_ordered, values))

    def fits(self, values: Sequence[Value]) -> bool:
        """False if the text cannot be compared with any of the values: a number is needed, or a time."""
        if self.operator in ("=", "!=") or self._number is not None or self._time is not None:
            return True
        return not values or any(isinstance(value, str) for value in values)

    def _equals(self, value: Value) -> bool:
        match value:
            case None:
                return self.text.lower() in _NONE
            case bool():
                return _BOOLEANS.get(self.text.lower()) is value
            case int() | float():
                return self._number == value
            case datetime():
                return self._time == value
        return self.text == value

    def _is_ordered(self, value: Value) -> bool:
        match value:
            case None | bool():
                return False
            case int() | float():
                other: object = self._number
            case datetime():
                other = self._time
            case _:
                other = self.text
        return other is not None and _ORDERS[self.operator](value, other)

    @cached_property
    def _number(self) -> float | None:
        with suppress(ValueError):
            return float(self.text)
        return None

    @cached_property
    def _time(self) -> datetime | None:
        with suppress(ValueError):
            time = datetime.fromisoformat(self.text)
            return time if time.tzinfo else time.replace(tzinfo=UTC)
        return None
