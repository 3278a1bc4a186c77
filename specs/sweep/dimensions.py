"""Dimensions of a search space: the values that `$search` stands for.

Each maps the unit interval to its values, so that random and quasi-random numbers become points, and numbers its values
from 0 if there are finitely many, so that a grid can be walked.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from specs import limits
from specs.problem import format_value
from specs.schema import FieldError
from specs.spelling import did_you_mean

SEARCH = "$search"
_KINDS = ("choice", "int", "float")
_OPTIONS = ("log", "step")
_EXAMPLE = '{"$search": {"float": [1e-5, 0.1], "log": true}}'
# Decimals of the steps of a float range: 0.1 * 3 is not 0.3.
_DIGITS = 12
_SIGNIFICANT = 8


@dataclass(frozen=True)
class Choice:
    """One of some JSON values."""

    values: tuple[Any, ...]

    @property
    def size(self) -> int:
        return len(self.values)

    @property
    def ends(self) -> tuple[Any, ...]:
        """All of them: none lies between two others."""
        return self.values

    def at(self, unit: float) -> Any:
        return self.values[min(int(unit * self.size), self.size - 1)]

    def value(self, index: int) -> Any:
        return self.values[index]

    def index(self, value: Any) -> int | None:
        """The number of `value`; None if it is none of them. `true` is not 1 here."""
        key = format_exactly(value)
        return next((index for index, each in enumerate(self.values) if format_exactly(each) == key), None)

    def contains(self, value: Any) -> bool:
        return self.index(value) is not None


@dataclass(frozen=True)
class IntRange:
    """Whole numbers from `low` to `high`, every `step`; `log`: evenly spaced in their logarithm."""

    low: int
    high: int
    step: int = 1
    log: bool = False

    @property
    def size(self) -> int:
        return (self.high - self.low) // self.step + 1

    @property
    def ends(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys((self.low, self.high)))

    def at(self, unit: float) -> int:
        if not self.log:
            return self.value(min(int(unit * self.size), self.size - 1))
        low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
        return min(self.high, max(self.low, round(math.exp(low + unit * (high - low)))))

    def value(self, index: int) -> int:
        return self.low + index * self.step

    def contains(self, value: Any) -> bool:
        return type(value) is int and self.low <= value <= self.high and (value - self.low) % self.step == 0


@dataclass(frozen=True)
class FloatRange:
    """Numbers from `low` to `high`, every `step` if there is one; `log`: evenly spaced in their logarithm."""

    low: float
    high: float
    step: float | None = None
    log: bool = False

    @property
    def size(self) -> int | None:
        """None if there are infinitely many."""
        if self.low == self.high:
            return 1
        return None if self.step is None else math.floor((self.high - self.low) / self.step + 1e-9) + 1

    @property
    def ends(self) -> tuple[float, ...]:
        return tuple(dict.fromkeys((self.low, self.high)))

    def at(self, unit: float) -> float:
        if self.size is not None:
            return self.value(min(int(unit * self.size), self.size - 1))
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            return self.tidy(math.exp(low + unit * (high - low)))
        return self.tidy(self.low + unit * (self.high - self.low))

    def tidy(self, value: float) -> float:
        """Within the range, and with few enough digits to be read."""
        return min(self.high, max(self.low, float(f"{value:.{_SIGNIFICANT}g}")))

    def value(self, index: int) -> float:
        return self.low if self.step is None else round(self.low + index * self.step, _DIGITS)

    def contains(self, value: Any) -> bool:
        if type(value) not in (int, float) or not self.low <= value <= self.high:
            return False
        return self.step is None or math.isclose(self.value(round((value - self.low) / self.step)), value)


Dimension = Choice | IntRange | FloatRange


def format_exactly(value: Any) -> str:
    """JSON values are equal if their formats are: 1 and true differ, 1 and 1.0 do not."""
    match value:
        case bool() | None | str():
            return repr(value)
        case int() | float():
            return repr(float(value)) if abs(value) < 2**53 else repr(value)
        case list() | tuple():
            return f"[{','.join(map(format_exactly, value))}]"
        case dict():
            return f"{{{','.join(f'{name!r}:{format_exactly(each)}' for name, each in sorted(value.items()))}}}"
    return repr(value)


def parse_dimension(search: Any) -> Dimension:
    """The dimension that `{"$search": search}` describes. Raises FieldError, with a path within `search`."""
    if not isinstance(search, Mapping):
        raise FieldError((), f"expected an object such as {_EXAMPLE}, received {format_value(search)}")
    kinds = [kind for kind in _KINDS if kind in search]
    for name in search:
        if name not in (*_KINDS, *_OPTIONS):
            known = ", ".join((*_KINDS, *_OPTIONS))
            raise FieldError((name,), f"unknown field; {did_you_mean(name, (*_KINDS, *_OPTIONS))}known here: {known}")
    if len(kinds) != 1:
        received = " and ".join(f"`{kind}`" for kind in kinds) or "none of them"
        raise FieldError((), f"expected one of `choice`, `int`, `float`, received {received}; for instance {_EXAMPLE}")
    parse: dict[str, Callable[[Mapping[str, Any]], Dimension]] = {
        "choice": _parse_choice,
        "int": _parse_int,
        "float": _parse_float,
    }
    return parse[kinds[0]](search)


def _parse_choice(search: Mapping[str, Any]) -> Choice:
    values = search["choice"]
    if not isinstance(values, list) or not values:
        raise FieldError(("choice",), f"expected a list of at least one value, received {format_value(values)}")
    if len(values) > limits.CHOICES:
        raise FieldError(("choice",), f"has {len(values):,} values, which exceeds the limit of {limits.CHOICES:,}")
    for option in _OPTIONS:
        if option in search:
            raise FieldError((option,), f"`{option}` is for `int` and `float`; remove it")
    seen: dict[str, int] = {}
    for index, value in enumerate(values):
        if _has_search(value):
            raise FieldError(
                ("choice", index),
                "a value of `choice` cannot itself contain `$search`; list the combinations, or put the `$search` "
                "outside of it",
            )
        first = seen.setdefault(format_exactly(value), index)
        if first != index:
            raise FieldError(("choice", index), f"is the same as value {first}; remove one of them")
    return Choice(tuple(values))


def _has_search(value: Any) -> bool:
    if isinstance(value, Mapping):
        return SEARCH in value or any(map(_has_search, value.values()))
    return isinstance(value, list) and any(map(_has_search, value))


def _parse_int(search: Mapping[str, Any]) -> IntRange:
    low, high = _bounds(search, "int", (int,), "whole numbers")
    step = search.get("step", 1)
    if type(step) is not int or step < 1:
        raise FieldError(("step",), f"expected a whole number of at least 1, received {format_value(step)}")
    return IntRange(low, high - (high - low) % step, step, _is_log(search, low))


def _parse_float(search: Mapping[str, Any]) -> FloatRange:
    low, high = map(float, _bounds(search, "float", (int, float), "numbers"))
    step = search.get("step")
    if step is not None and (type(step) not in (int, float) or not step > 0 or math.isinf(step)):
        raise FieldError(("step",), f"expected a number above 0, received {format_value(step)}")
    found = FloatRange(low, high, None if step is None else float(step), _is_log(search, low))
    return found if found.step is None else FloatRange(low, found.value((found.size or 1) - 1), found.step, found.log)


def _bounds(search: Mapping[str, Any], kind: str, types: tuple[type, ...], what: str) -> Any:
    bounds = search[kind]
    is_pair = isinstance(bounds, list) and len(bounds) == 2 and all(type(each) in types for each in bounds)
    if not is_pair or not all(abs(each) <= limits.SEARCH_BOUND for each in bounds):
        raise FieldError((kind,), f"expected two {what} as [lowest, highest], received {format_value(bounds)}")
    if bounds[0] > bounds[1]:
        raise FieldError((kind,), f"{format_value(bounds)} has its highest value first; swap them")
    return bounds


def _is_log(search: Mapping[str, Any], low: float) -> bool:
    log = search.get("log", False)
    if type(log) is not bool:
        raise FieldError(("log",), f"expected true or false, received {format_value(log)}")
    if log and low <= 0:
        raise FieldError(("log",), f"needs a lowest value above 0, received {low:g}")
    if log and "step" in search:
        raise FieldError(("step",), "cannot be combined with `log`; remove one of them, or list the values as `choice`")
    return log
