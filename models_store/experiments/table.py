"""A table of experiments: the rows that fulfil conditions, in the order of a field, page by page."""

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import orjson
from pydantic import TypeAdapter

from models_store.errors import InvalidCursor, InvalidField
from models_store.experiments.conditions import Condition
from models_store.experiments.fields import ALIASES, SUMMARY_FIELDS, SortKey, spec_fields
from models_store.experiments.summaries import Row, metric_names
from specs import limits
from specs.problem import Problem, pointer_of, received_value, shorten
from specs.spelling import did_you_mean

_Keyed = tuple[SortKey, Row]
_Cursor = TypeAdapter(tuple[str, SortKey])
_COMMON_METRICS = ("loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy")


@dataclass(frozen=True)
class Table:
    rows: Sequence[Row]

    def _unknown(self, name: str, pointer: str, received: str) -> Problem | None:
        """The problem if `name` is no field of any experiment, now or ever."""
        if name in (*SUMMARY_FIELDS, *ALIASES, *_COMMON_METRICS):
            return None
        if any(name in row.summary.metrics or row.values(name) != (None,) for row in self.rows):
            return None
        if name in spec_fields():
            return None
        known = [*SUMMARY_FIELDS, *_COMMON_METRICS, *metric_names(self.rows), *sorted(spec_fields())]
        detail = (
            f"unknown field `{shorten(name)}`; {did_you_mean(name, known)}known: {', '.join(SUMMARY_FIELDS)}, metrics "
            "such as val_accuracy, and the fields of a spec such as training.optimizer.type"
        )
        return Problem(pointer=pointer, detail=detail, received=received_value(received))

    def where(self, conditions: Sequence[Condition]) -> "Table":
        """The rows that fulfil all conditions. Raises InvalidField."""
        unknown = (self._unknown(each.field, pointer_of(("query", each.field)), each.text) for each in conditions)
        if problems := list(islice(filter(None, unknown), limits.PROBLEMS)):
            raise InvalidField(problems)
        rows = self.rows
        for condition in conditions:
            pointer = pointer_of(("query", condition.field))
            present = [value for row in self.rows for value in row.values(condition.field) if value is not None]
            if not condition.fits(present):
                raise InvalidField(
                    [
                        Problem(
                            pointer=pointer,
                            detail=f"expected a number or a time after {condition.operator}",
                            received=received_value(condition.text),
                        )
                    ]
                )
            rows = [row for row in rows if condition.accepts(row.values(condition.field))]
        return Table(rows)

    def page(self, sort: str, limit: int | None, cursor: str | None) -> tuple[list[Row], str | None]:
        """The rows behind `cursor` in the order of a field, descending with `-`, and the cursor behind them, None if
        there are no more. Rows without a value come last. Raises InvalidField, InvalidCursor."""
        name, descending = sort.removeprefix("-"), sort.startswith("-")
        if problem := self._unknown(name, "/query/sort", sort):
            raise InvalidField([problem])
        keyed = sorted(((row.key(name), row) for row in self.rows), key=_key_of)
        split = bisect_left(keyed, (True,), key=lambda pair: pair[0][:1])
        present, absent = keyed[:split], keyed[split:]
        ordered = [*(reversed(present) if descending else present), *(reversed(absent) if descending else absent)]
        start = 0 if cursor is None else _start(_decode(cursor, sort), present, absent, descending)
        shown = ordered[start:] if limit is None else ordered[start : start + limit]
        more = start + len(shown) < len(ordered)
        return [row for _, row in shown], _encode(sort, shown[-1][0]) if more and shown else None


def _key_of(pair: _Keyed) -> SortKey:
    return pair[0]


def _start(key: SortKey, present: list[_Keyed], absent: list[_Keyed], descending: bool) -> int:
    part, before = (absent, len(present)) if key[0] else (present, 0)
    if descending:
        return before + len(part) - bisect_left(part, key, key=_key_of)
    return before + bisect_right(part, key, key=_key_of)


def _encode(sort: str, key: SortKey) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([sort, key])).decode()


def _decode(cursor: str, sort: str) -> SortKey:
    try:
        belongs_to, key = _Cursor.validate_json(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor("this cursor was not made by this service; start again without one") from error
    if belongs_to != sort:
        raise InvalidCursor(f"this cursor belongs to sort={belongs_to}, not to sort={sort}")
    return key
