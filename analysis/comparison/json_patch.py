"""JSON Patch (RFC 6902) from one JSON document to another, with the layers of a list aligned by type."""

import itertools
import json
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel

Path = tuple[str | int, ...]
# The indices of an item before and after: None where it was added or removed.
Move = tuple[int | None, int | None]
# Alignment takes time proportional to the product of two lists' lengths; longer lists are compared index by index.
_MAX_PAIRS = 200 * 200
_EDIT_COST, _EXCHANGE_COST = 1, 2


class SetOperation(BaseModel):
    """Adds or replaces the value at `path`, a JSON pointer (RFC 6901)."""

    op: Literal["add", "replace"]
    path: str
    value: Any


class RemoveOperation(BaseModel):
    """Removes the value at `path`, a JSON pointer (RFC 6901)."""

    op: Literal["remove"]
    path: str


JsonPatch = list[SetOperation | RemoveOperation]


class Change(NamedTuple):
    """One edit at `path`, whose indices count after all edits before it. An addition has no `before`, a removal no
    `after`."""

    op: Literal["add", "remove", "replace"]
    path: Path
    before: Any = None
    after: Any = None

    def operation(self) -> SetOperation | RemoveOperation:
        pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in self.path)
        if self.op == "remove":
            return RemoveOperation(op=self.op, path=pointer)
        return SetOperation(op=self.op, path=pointer, value=self.after)


class _Item(NamedTuple):
    """An item of a list. `text` is equal for equal values only. Items of one `kind` are edited, not exchanged."""

    text: str
    kind: tuple[str, Any] | None

    @classmethod
    def of(cls, value: Any) -> Self:
        return cls(_text(value), _kind(value))


def diff(before: Any, after: Any, path: Path = ()) -> Iterator[Change]:
    """The edits from `before` to `after`, both plain JSON values, in the order in which they apply.

    Lists, and objects of one `type`, are edited in place; everything else is replaced. So a layer inserted between
    others is one addition, and a layer with other arguments is edited where it is.
    """
    if _kind(before) is None or _kind(before) != _kind(after):
        if _text(before) != _text(after):
            yield Change("replace", path, before, after)
    elif isinstance(before, dict):
        yield from _diff_objects(before, after, path)
    else:
        yield from _diff_lists(before, after, path)


def _diff_objects(before: dict[str, Any], after: dict[str, Any], path: Path) -> Iterator[Change]:
    for name, value in before.items():
        if name not in after:
            yield Change("remove", (*path, name), before=value)
        else:
            yield from diff(value, after[name], (*path, name))
    for name, value in after.items():
        if name not in before:
            yield Change("add", (*path, name), after=value)


def _diff_lists(before: list[Any], after: list[Any], path: Path) -> Iterator[Change]:
    index = 0
    for old, new in _align(before, after):
        here = (*path, index)
        if old is not None and new is not None:
            yield from diff(before[old], after[new], here)
        elif new is not None:
            yield Change("add", here, after=after[new])
        elif old is not None:
            yield Change("remove", here, before=before[old])
        index += new is not None


def _align(before: list[Any], after: list[Any]) -> Iterator[Move]:
    """The cheapest way through the table of edit distances (Wagner and Fischer 1974, The String-to-String Correction
    Problem), in which an exchange for another kind costs as much as a removal and an addition."""
    old, new = [_Item.of(value) for value in before], [_Item.of(value) for value in after]
    first = _common_prefix(old, new)
    last = _common_prefix(old[first:][::-1], new[first:][::-1])
    yield from ((row, row) for row in range(first))
    rows, columns = range(first, len(old) - last), range(first, len(new) - last)
    if len(rows) * len(columns) <= _MAX_PAIRS:
        costs = [[_cost(old[row], new[column]) for column in columns] for row in rows]
        moves = _cheapest(costs, len(columns))
    else:
        moves = itertools.zip_longest(range(len(rows)), range(len(columns)))
    yield from (
        (None if row is None else first + row, None if column is None else first + column) for row, column in moves
    )
    yield from ((len(old) - back, len(new) - back) for back in range(last, 0, -1))


def _cheapest(costs: list[list[int]], columns: int) -> Iterator[Move]:
    """`costs[row][column]` is the cost of editing old item `row` into new item `column`."""
    rows = len(costs)
    # totals[row][column]: the cost of editing the old list from `row` on into the new list from `column` on.
    totals = [[rows - row + columns - column for column in range(columns + 1)] for row in range(rows + 1)]
    for row in reversed(range(rows)):
        for column in reversed(range(columns)):
            edited = totals[row + 1][column + 1] + costs[row][column]
            totals[row][column] = min(edited, totals[row + 1][column] + 1, totals[row][column + 1] + 1)
    row = column = 0
    while row < rows and column < columns:
        total = totals[row][column]
        if total == totals[row + 1][column + 1] + costs[row][column]:
            yield row, column
            row, column = row + 1, column + 1
        elif total == totals[row + 1][column] + 1:
            yield row, None
            row += 1
        else:
            yield None, column
            column += 1
    yield from ((rest, None) for rest in range(row, rows))
    yield from ((None, rest) for rest in range(column, columns))


def _common_prefix(old: list[_Item], new: list[_Item]) -> int:
    equal = itertools.takewhile(lambda pair: pair[0].text == pair[1].text, zip(old, new, strict=False))
    return sum(1 for _ in equal)


def _cost(before: _Item, after: _Item) -> int:
    if before.text == after.text:
        return 0
    return _EDIT_COST if before.kind is not None and before.kind == after.kind else _EXCHANGE_COST


def _kind(value: Any) -> tuple[str, Any] | None:
    """An object with its `type` (of a layer, an optimizer), or a list; None for a value that is only replaced."""
    if isinstance(value, dict):
        return "object", value.get("type")
    return ("list", None) if isinstance(value, list) else None


def _text(value: Any) -> str:
    """Equal for equal values only: in Python, True == 1 == 1.0."""
    return json.dumps(value, sort_keys=True)
