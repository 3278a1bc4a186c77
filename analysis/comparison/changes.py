"""From one JSON document to another: the edits, as RFC 6902 says them."""

import itertools
import json
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Self

from specs import limits

Path = tuple[str | int, ...]
# Which item of a list became which: None where it was added or removed.
Move = tuple[int | None, int | None]
# Lists are matched in time that grows with the product of their lengths; longer ones are compared place by place.
_MAX_PAIRS = limits.LAYERS**2
_EDIT, _ANEW = 1, 2


class Change(NamedTuple):
    """One edit at `path`. Indices are those at its turn, after all edits before it. What is added has no `before`,
    what is removed no `after`."""

    op: Literal["add", "remove", "replace"]
    path: Path
    before: Any = None
    after: Any = None

    def operation(self) -> dict[str, Any]:
        """As a JSON Patch has it."""
        pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in self.path)
        written: dict[str, Any] = {"op": self.op, "path": pointer}
        return written if self.op == "remove" else {**written, "value": self.after}


class _Item(NamedTuple):
    """Of a list: `written` is equal for equal values alone. Those of one `kind` are edited, not exchanged."""

    written: str
    kind: tuple[str, Any] | None

    @classmethod
    def of(cls, value: Any) -> Self:
        return cls(_written(value), _kind(value))


def changes(before: Any, after: Any, path: Path = ()) -> Iterator[Change]:
    """The edits that make `after` of `before`, both plain JSON values, in the order in which they are to be made.

    Lists, and objects of one type, are edited inside; everything else is replaced. So a layer that was put between
    others is one addition, and one whose arguments changed is edited where it stands.
    """
    if _kind(before) is None or _kind(before) != _kind(after):
        if _written(before) != _written(after):
            yield Change("replace", path, before, after)
    elif isinstance(before, dict):
        yield from _of_objects(before, after, path)
    else:
        yield from _of_lists(before, after, path)


def _of_objects(before: dict[str, Any], after: dict[str, Any], path: Path) -> Iterator[Change]:
    for name, value in before.items():
        if name not in after:
            yield Change("remove", (*path, name), before=value)
        else:
            yield from changes(value, after[name], (*path, name))
    for name, value in after.items():
        if name not in before:
            yield Change("add", (*path, name), after=value)


def _of_lists(before: list[Any], after: list[Any], path: Path) -> Iterator[Change]:
    at = 0
    for old, new in _aligned(before, after):
        here = (*path, at)
        if old is not None and new is not None:
            yield from changes(before[old], after[new], here)
        elif new is not None:
            yield Change("add", here, after=after[new])
        elif old is not None:
            yield Change("remove", here, before=before[old])
        at += new is not None


def _aligned(before: list[Any], after: list[Any]) -> Iterator[Move]:
    """Which item became which, in order; None where one was added or removed.

    The cheapest way through the table of edit distances (Wagner and Fischer 1974, The String-to-String Correction
    Problem), where an exchange for something else costs as much as a removal and an addition.
    """
    old, new = [_Item.of(value) for value in before], [_Item.of(value) for value in after]
    first = _common_beginning(old, new)
    last = _common_beginning(old[first:][::-1], new[first:][::-1])
    yield from ((row, row) for row in range(first))
    rows, columns = range(first, len(old) - last), range(first, len(new) - last)
    if len(rows) * len(columns) <= _MAX_PAIRS:
        exchange = [[_exchange(old[row], new[column]) for column in columns] for row in rows]
        moves = _cheapest(exchange, len(columns))
    else:
        moves = _by_position(len(rows), len(columns))
    yield from (
        (None if row is None else first + row, None if column is None else first + column) for row, column in moves
    )
    yield from ((len(old) - place, len(new) - place) for place in range(last, 0, -1))


def _cheapest(exchange: list[list[int]], columns: int) -> Iterator[Move]:
    """`exchange`: what it costs to make each new item (columns) of each old one (rows)."""
    rows = len(exchange)
    # costs[row][column]: of making the rest of the new list, from there on, of the rest of the old one.
    costs = [[rows - row + columns - column for column in range(columns + 1)] for row in range(rows + 1)]
    for row in reversed(range(rows)):
        for column in reversed(range(columns)):
            through = costs[row + 1][column + 1] + exchange[row][column]
            costs[row][column] = min(through, costs[row + 1][column] + 1, costs[row][column + 1] + 1)
    row = column = 0
    while row < rows and column < columns:
        cost = costs[row][column]
        if cost == costs[row + 1][column + 1] + exchange[row][column]:
            yield row, column
            row, column = row + 1, column + 1
        elif cost == costs[row + 1][column] + 1:
            yield row, None
            row += 1
        else:
            yield None, column
            column += 1
    yield from ((rest, None) for rest in range(row, rows))
    yield from ((None, rest) for rest in range(column, columns))


def _by_position(rows: int, columns: int) -> Iterator[Move]:
    yield from (
        (place if place < rows else None, place if place < columns else None) for place in range(max(rows, columns))
    )


def _common_beginning(old: list[_Item], new: list[_Item]) -> int:
    alike = itertools.takewhile(lambda pair: pair[0].written == pair[1].written, zip(old, new, strict=False))
    return sum(1 for _ in alike)


def _exchange(before: _Item, after: _Item) -> int:
    if before.written == after.written:
        return 0
    return _EDIT if before.kind is not None and before.kind == after.kind else _ANEW


def _kind(value: Any) -> tuple[str, Any] | None:
    """An object with its type (that of a layer, an optimizer), or a list; None where there is nothing to edit."""
    if isinstance(value, dict):
        return "object", value.get("type")
    return ("list", None) if isinstance(value, list) else None


def _written(value: Any) -> str:
    """Equal for equal values alone: in Python, True == 1 == 1.0."""
    return json.dumps(value, sort_keys=True)
