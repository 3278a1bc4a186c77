"""The summaries of all experiments, in memory: tables of thousands are filtered and sorted by any field."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import cast

import orjson
from redis import Redis

from models_store import keys
from models_store.experiments.fields import ALIASES, SUMMARY_FIELDS, SortKey, Value, sort_key, spec_values
from models_store.experiments.history import History
from models_store.experiments.index import Index
from models_store.experiments.points import DECIDING_METRIC
from models_store.experiments.record import Record
from models_store.experiments.sparkline import Sparkline, ends_with, extend
from models_store.experiments.summary import ExperimentSummary
from models_store.visibility import Privacy, seeing_everything, sees_everything

_CHUNK = 500
_CREATED = "created_at"
_MAX_CHANGES = 25_000
# Of a row: fields that are asked for again and again.
_MAX_SEEN = 40
_Entries = list[tuple[str, dict[str, str]]]


@dataclass
class Row:
    """`json` is the summary, which `mark` stands for, `spec` the document, which is parsed when a field of it is asked
    for."""

    summary: ExperimentSummary
    json: bytes
    mark: int
    spec: bytes
    _seen: dict[str, tuple[Value, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Record, summary: ExperimentSummary) -> "Row":
        # A copy: what orjson returns takes 8 kB, however short it is.
        spec = bytes(memoryview(orjson.dumps(record.spec.document)))
        json = summary.model_dump_json().encode()
        return cls(summary, json, int.from_bytes(blake2b(json, digest_size=8).digest()), spec)

    @property
    def id(self) -> str:
        return self.summary.id

    def values(self, name: str) -> tuple[Value, ...]:
        """Of a field of the summary, of a metric, or of the spec; None where it has none."""
        name = ALIASES.get(name, name)
        if name in SUMMARY_FIELDS:
            value = getattr(self.summary, name)
            return (value or (None,)) if isinstance(value, tuple) else (value,)
        if name in self.summary.metrics:
            return (self.summary.metrics[name],)
        values = self._seen.get(name)
        if values is None:
            values = spec_values(orjson.loads(self.spec), name)
            if len(self._seen) >= _MAX_SEEN:
                self._seen.clear()  # clients can make up any number of names
            self._seen[name] = values
        return values

    def key(self, name: str) -> SortKey:
        """Of its place in the order of a field."""
        return self._key_of_creation if name == _CREATED else sort_key(self.values(name), self.id)

    @cached_property
    def _key_of_creation(self) -> SortKey:
        """Kept, because almost all lists are in this order, and making it takes longer than sorting by it."""
        return sort_key(self.values(_CREATED), self.id)


@dataclass(frozen=True)
class Snapshot:
    """All rows that are shown, oldest first; `position` changes with any of them. Events behind `end`, "" for none, are
    newer."""

    position: str
    rows: Sequence[Row]
    end: str


class Summaries:
    """Reads what has changed since the last call from the stream of events, which is written with the view: what was
    changed before a call, by any process, is in its answer. Methods raise redis's errors, and Unavailable while the
    index is being rebuilt. Safe for any number of threads."""

    def __init__(
        self, redis: Redis, index: Index, read_history: Callable[[str], History], mark: Callable[[], object]
    ) -> None:
        """Another `mark` means that all is to be read again: other test results are hidden."""
        self._redis = redis
        self._index = index
        self._read_history = read_history
        self._mark_of_holdout = mark
        self._mark: object = None
        self._rows: dict[str, Row] = {}
        self._position = ""
        self._changed_at = ""
        self._lock = threading.Lock()

    def snapshot(self) -> Snapshot:
        with self._lock, seeing_everything():
            self._refresh()
            rows = [self._rows[each] for each in sorted(self._rows)]
            position, end = f"{self._changed_at} {self._mark}", self._position
        if sees_everything():
            return Snapshot(position, rows, end)
        shown = [row for row in rows if Privacy(row.summary.private, row.summary.owner).is_shown]
        # The last event may be that of a private one.
        return Snapshot(f"{hash(tuple(row.mark for row in shown))} {self._mark}", shown, end)

    def have_read(self, position: str | None) -> bool:
        """Whether they are as of this position of the stream of events."""
        return position is not None and position == self._position

    def refresh(self) -> None:
        """Read what has changed, so that the next snapshot takes milliseconds: 5,000 experiments take half a second."""
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        self._index.require_complete()
        mark = self._mark_of_holdout()
        end, changes = self._changes()
        if mark != self._mark:
            changes, self._mark = None, mark
        if changes is None:
            self._rows = {}
            self._read(self._index.ids())
            self._changed_at = end
        elif changes:
            self._read(sorted(changes))
            # Later events, such as those of datasets and workers, change no row.
            self._changed_at = max(changes.values(), key=_parse)
        self._position = end

    def _changes(self) -> tuple[str, dict[str, str] | None]:
        """The end of the stream, and the experiments that have changed, each with the position of its last change; None
        for all of them."""
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.xrange(keys.EVENTS, count=1)
        pipeline.xrevrange(keys.EVENTS, count=1)
        pipeline.xrange(keys.EVENTS, min=f"({self._position}" if self._position else "+", count=_MAX_CHANGES)
        first, last, entries = cast(list[_Entries], pipeline.execute())
        if not last:
            return "", None
        end = last[0][0]
        is_sound = self._position and _parse(first[0][0]) <= _parse(self._position) <= _parse(end)
        if not is_sound or any(each["kind"] == "reset" and not each["subject"] for _, each in entries):
            return end, None
        return end, {each["subject"]: position for position, each in entries if each["subject"]}

    def _read(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            found = {record.id: record for record in self._index.get_many(chunk)}
            for each in chunk:
                if each in found:
                    self._rows[each] = self._row(found[each])
                else:
                    self._rows.pop(each, None)

    def _row(self, record: Record) -> Row:
        if record.epochs_completed and not ends_with(record.sparkline, record.last_metrics.get(DECIDING_METRIC)):
            # Of a version that did not keep it, or kept the metric that decided.
            record = record.model_copy(update={"sparkline": self._sparkline(record)})
        return Row.of(record, ExperimentSummary.of(record))

    def _sparkline(self, record: Record) -> Sparkline:
        sparkline: Sparkline = ()
        for point in self._read_history(record.id).points:
            sparkline = extend(sparkline, point.epoch, point.metrics.get(DECIDING_METRIC))
        return sparkline


def _parse(position: str) -> tuple[int, int]:
    milliseconds, sequence = position.split("-")
    return int(milliseconds), int(sequence)


def metric_names(rows: Iterable[Row]) -> list[str]:
    """Of all rows, in order of appearance."""
    return list(dict.fromkeys(name for row in rows for name in row.summary.metrics))
