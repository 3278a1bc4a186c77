"""Which of several columns has the labels."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import islice

from worker.conversion.labels import MAX_CLASSES
from worker.conversion.tables import Line, Table


class _Pairing:
    """The values of two columns that are found in one row."""

    def __init__(self) -> None:
        self.seconds: dict[str, set[str]] = defaultdict(set)
        self.firsts: dict[str, set[str]] = defaultdict(set)

    def add(self, first: str, second: str) -> None:
        self.seconds[first].add(second)
        self.firsts[second].add(first)

    @property
    def is_one_to_one(self) -> bool:
        return all(len(values) == 1 for found in (self.seconds, self.firsts) for values in found.values())


def choose_label(
    table: Table, label: int, alike: Sequence[int], heartbeat: Callable[[], None]
) -> tuple[int, tuple[int, ...]]:
    """`label`, or the one of the columns `alike` that has the names of its numbers; and those that have other classes,
    which images share."""
    if not alike:
        return label, ()
    pairings = {column: _Pairing() for column in alike}
    rows = 0
    for line in islice(table.lines(), 1, None):
        heartbeat()
        rows += 1
        for column, pairing in list(pairings.items()):
            pairing.add(cell_of(line, label), cell_of(line, column))
            if len(pairing.firsts) > MAX_CLASSES:
                del pairings[column]
    numbered = all(_is_number(value) for pairing in pairings.values() for value in pairing.seconds)
    names = [
        column
        for column, pairing in pairings.items()
        if pairing.is_one_to_one and not any(map(_is_number, pairing.firsts))
    ]
    chosen = names[0] if numbered and names else label
    rivals = [
        column
        for column, pairing in pairings.items()
        if not pairing.is_one_to_one and 1 < len(pairing.firsts) <= rows / 2
    ]
    return chosen, tuple(rivals)


def cell_of(line: Line, column: int | None) -> str:
    return line.cells[column] if column is not None and column < len(line.cells) else ""


def _is_number(text: str) -> bool:
    return text.removesuffix(".0").removeprefix("-").isdecimal()
