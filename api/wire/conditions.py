"""Conditions in a query string: `?training.optimizer.type=Adam&val_accuracy>0.98`."""

import re
from collections.abc import Collection, Iterable

from api.wire.bad_request import BadQuery
from models_store.experiments.conditions import Condition, Operator
from specs import limits
from specs.problem import Problem, pointer_of, received_value

_MAX_CONDITIONS = 20
_MAX_CHARACTERS = 200
# `a>=1` and `a!=1` are decoded to the names `a>` and `a!`, `a>1` to a name without a value.
_NAME = re.compile(r"([^<>!=]+)(?:([<>!])(.*))?", re.DOTALL)


def parse_conditions(query: Iterable[tuple[str, str]], parameters: Collection[str]) -> list[Condition]:
    """Of all names and values in `query` but the `parameters` of the route. Raises BadQuery."""
    conditions: list[Condition] = []
    problems: list[Problem] = []
    for name, value in query:
        if name in parameters:
            continue
        condition = _parse(name, value)
        if isinstance(condition, Problem):
            problems.append(condition)
        else:
            conditions.append(condition)
    if len(conditions) > _MAX_CONDITIONS:
        detail = f"expected at most {_MAX_CONDITIONS} conditions, received {len(conditions)}"
        problems.append(Problem(pointer="/query", detail=detail))
    if problems:
        raise BadQuery.of(problems[: limits.PROBLEMS])
    return conditions


def _parse(name: str, value: str) -> Condition | Problem:
    match = _NAME.fullmatch(name)
    pointer = pointer_of(("query", name))
    if match is None or len(name) > _MAX_CHARACTERS or len(value) > _MAX_CHARACTERS:
        detail = "expected a condition such as val_accuracy>0.98, of at most 200 characters"
        return Problem(pointer=pointer, detail=detail, received=received_value(value))
    field, sign, rest = match[1], match[2], match[3]
    if sign is None:
        return Condition(field, "=", value)
    text = f"{rest}={value}" if rest and value else rest or value
    if sign == "!" and rest:
        return Problem(pointer=pointer, detail="expected !=", received=received_value(f"!{rest}"))
    if not text and sign != "!":
        detail = f"expected a number, a time or a text after {sign}"
        return Problem(pointer=pointer, detail=detail, received="")
    orders: dict[str, tuple[Operator, Operator]] = {"<": ("<", "<="), ">": (">", ">="), "!": ("!=", "!=")}
    strict, other = orders[sign]
    return Condition(field, strict if rest else other, text)
