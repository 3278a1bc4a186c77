"""The parts of file names, as in `KA.AN1.39.png`, of which one is the class."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from archives.errors import InvalidArchive
from archives.names import quote_some
from specs.problem import quantity

_BETWEEN = re.compile(r"[\s._,;=#@+~()\[\]-]+")
_NUMBERED = re.compile(r"(\D+)\d+")
_MIN_NUMBERS = 3  # as many numbers in a name, and nothing else, do not say which one is the class
# As collections of faces abbreviate them, and in full.
_EMOTIONS = frozenset(
    {"an", "di", "fe", "ha", "ne", "sa", "su", "af", "ang", "dis", "fea", "hap", "neu", "sad", "sur"}
    | {"anger", "angry", "disgust", "disgusted", "fear", "fearful", "happy", "happiness", "joy", "neutral"}
    | {"sadness", "surprise", "surprised", "contempt"}
)
Row = tuple[str, ...]


class AmbiguousNames(InvalidArchive):
    """Several parts of the names may be the class."""


class Field(NamedTuple):
    """The part of each name that is `number`, from 1; "" of a name with fewer. If all are letters with a number behind,
    as `AN1` and `HA1`, which are several without the number, it is left out."""

    number: int
    values: list[str]

    @property
    def names(self) -> Counter[str]:
        return Counter(filter(None, self.values))


def split_parts(stem: str) -> Row:
    return tuple(filter(None, _BETWEEN.split(stem)))


def read_field(rows: Sequence[Row], number: int) -> Field:
    parts = [row[number - 1] if len(row) >= number else "" for row in rows]
    numbered = [_NUMBERED.fullmatch(part) for part in parts if part]
    is_counted = all(numbered) and len({found[1] for found in numbered if found}) > 1
    return Field(number, [_NUMBERED.sub(r"\1", part) for part in parts] if is_counted else parts)


def choose_field(rows: Sequence[Row]) -> Field | None:
    """The part that has emotions, if there is one and it is told from the others by that alone; None if the order of
    the parts says which one is the class. Raises AmbiguousNames."""
    lengths = set(map(len, rows))
    if len(lengths) != 1 or not rows or len(rows[0]) < 2:
        return None
    fields = [read_field(rows, number) for number in range(1, len(rows[0]) + 1)]
    varied = [field for field in fields if len(field.names) > 1]
    if all(part.isdecimal() for row in rows for part in row):
        if len(fields) < _MIN_NUMBERS:
            return None
        shared = [field for field in varied if len(field.names) < len(rows)]
        if len(shared) == 1:
            return shared[0]
        raise AmbiguousNames(_about(shared or varied or fields))
    words = [field for field in varied if not any(value.isdecimal() for value in field.values)]
    emotions = [field for field in words if all(name.casefold() in _EMOTIONS for name in field.names)]
    if len(emotions) == 1 and len(fields) > 2:
        return emotions[0]
    return None


def _about(fields: Sequence[Field]) -> str:
    def describe(field: Field) -> str:
        names = sorted(field.names, key=_order)
        return f"part {field.number} ({quantity(len(names), 'value', 'values')}: {quote_some(names)})"

    order = sorted(fields, key=lambda field: field.number)
    return (
        "several parts of the names of its images may be the class: "
        + ", ".join(map(describe, order))
        + f"; say which one is, as in ?layout=filenames&field={order[0].number}"
    )


def _order(name: str) -> tuple[int, str]:
    return (int(name[:18]) if name.isdecimal() else -1, name)
