"""The live view of all records in Redis: one hash each, and sorted sets for pages.

The truth is on disk, from which the reconciler rebuilds the view. Methods raise redis's errors;
`models_store.experiments.store` handles them.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, cast

import orjson
from pydantic import Field, TypeAdapter, ValidationError
from redis import Redis

from models_store import keys
from models_store.errors import InvalidCursor, Unavailable
from models_store.events import (
    EventLog,
    EventsLost,
    ExperimentDeleted,
    ExperimentEpoch,
)
from models_store.experiments import index_scripts as scripts
from models_store.experiments.history import History
from models_store.experiments.index_entries import memberships
from models_store.experiments.live import Reports, progress_event
from models_store.experiments.pages import Page, Query
from models_store.experiments.points import Point
from models_store.experiments.record import Record
from models_store.experiments.summary import ExperimentSummary
from models_store.visibility import private_to, sees_everything

_SCAN = 200
_SHARED_KEYS = (keys.MODEL_INDEXES, keys.EVENTS, keys.COMPLETE, keys.OWNERS, keys.PRIVATE)
# The best model, and those that replace it if it is damaged.
_CANDIDATES = 20
# A cursor: the order, and the score and the id of the last record of the previous page.
_Cursor = TypeAdapter(tuple[str, Annotated[float, Field(allow_inf_nan=False)], str])


class Index:
    """`shown` is applied to every record that is read, and to what is announced: `Holdout.shown`."""

    def __init__(self, redis: Redis, events: EventLog, shown: Callable[[Record], Record]) -> None:
        self._redis = redis
        self._events = events
        self._shown = shown
        self.reports = Reports(redis)
        self._put = redis.register_script(scripts.PUT)
        self._remove = redis.register_script(scripts.REMOVE)
        self._append = redis.register_script(scripts.APPEND)
        self._complete = redis.register_script(scripts.COMPLETE)

    # -- records -------------------------------------------------------------------------------------------------

    def put(self, record: Record) -> bool:
        """Show `record` and all its index entries in one step; False if the view has a newer version."""
        members = [str(part) for pair in memberships(record).items() for part in pair]
        arguments: list[str | int] = [
            record.id,
            record.version,
            record.model_dump_json(),
            keys.CHANGES_SECONDS,
            str(record.attempts) if record.is_running else "",
            keys.model_index(""),
            ExperimentSummary.of(self._shown(record)).model_dump_json(),
            progress_event(record),
            record.owner or "",
            record.privacy.private_to,
            "ended" if record.status.is_terminal else "live",
            *members,
        ]
        return bool(self._put(keys=[*_own_keys(record.id), *_SHARED_KEYS], args=arguments))

    def remove(self, experiment_id: str) -> None:
        deleted = ExperimentDeleted(experiment_id=experiment_id).model_dump_json()
        names = [*_own_keys(experiment_id), keys.lease(experiment_id), *_SHARED_KEYS]
        self._remove(keys=names, args=[experiment_id, deleted])

    def get(self, experiment_id: str) -> Record | None:
        record = self.get_whole(experiment_id)
        return None if record is None else self._shown(record)

    def get_whole(self, experiment_id: str) -> Record | None:
        """With what is not shown, and even if it is private: to be changed and written again."""
        record = _parse(cast(str | None, self._redis.hget(keys.experiment(experiment_id), "document")))
        return None if record is None else self.reports.merge_into([record])[0]

    def version(self, experiment_id: str) -> int | None:
        version = cast(str | None, self._redis.hget(keys.experiment(experiment_id), "version"))
        return None if version is None else int(version)

    def get_many(self, ids: Sequence[str]) -> list[Record]:
        pipeline = self._redis.pipeline(transaction=False)
        for experiment_id in ids:
            pipeline.hget(keys.experiment(experiment_id), "document")
        parsed = map(_parse, pipeline.execute())
        shown = [record for record in parsed if record is not None and record.privacy.is_shown]
        return list(map(self._shown, self.reports.merge_into(shown)))

    def ids(self, filtered_by: str = "all") -> list[str]:
        """All ids that match a filter, oldest first."""
        return cast(list[str], self._redis.zrange(keys.index("created_at", filtered_by), 0, -1))

    def count(self, filtered_by: str = "all") -> int:
        return self._redis.zcard(keys.index("created_at", filtered_by))

    def waiting(self) -> list[tuple[str, float]]:
        """The ids of all that are queued, with their turns, the lowest first."""
        return cast(list[tuple[str, float]], self._redis.zrange(keys.WAITING, 0, -1, withscores=True))

    def waiting_rank(self, experiment_id: str) -> int | None:
        """From 1; None if not queued."""
        rank = cast(int | None, self._redis.zrank(keys.WAITING, experiment_id))
        return None if rank is None else rank + 1

    def has_owners(self) -> bool:
        """Whether any experiment has one."""
        return bool(self._redis.exists(keys.OWNERS))

    def owners_of(self, ids: Sequence[str]) -> list[str]:
        """The owner of each; "" for none."""
        if not ids:
            return []
        return [owner or "" for owner in cast(list[str | None], self._redis.hmget(keys.OWNERS, list(ids)))]

    def shown(self, ids: Sequence[str]) -> list[str]:
        """Those that are not private to others."""
        if sees_everything() or not ids:
            return list(ids)
        private = cast(list[str | None], self._redis.hmget(keys.PRIVATE, list(ids)))
        return [each for each, owner in zip(ids, private, strict=True) if private_to(owner or "").is_shown]

    def owners(self) -> set[str]:
        return set(cast(list[str], self._redis.hvals(keys.OWNERS)))

    def ids_of_owner(self, owner: str) -> list[str]:
        owners = cast(dict[str, str], self._redis.hgetall(keys.OWNERS))
        return [experiment_id for experiment_id, each in owners.items() if each == owner]

    def note_start(self, owner: str) -> None:
        """An experiment of `owner`, "" for none, has been started."""
        self._redis.hset(keys.STARTS, owner, self._redis.incr(keys.STARTED))

    def last_starts(self) -> dict[str, int]:
        """By owner, a number that grows with each start."""
        starts = cast(dict[str, str], self._redis.hgetall(keys.STARTS))
        return {owner: int(number) for owner, number in starts.items()}

    def ping(self) -> None:
        self._redis.ping()

    # -- completeness --------------------------------------------------------------------------------------------

    def is_complete(self) -> bool:
        """False after Redis was emptied, until the view has been rebuilt from disk."""
        return bool(self._redis.exists(keys.COMPLETE))

    def require_complete(self) -> None:
        """Raises Unavailable after Redis was emptied, until the view has been rebuilt from disk."""
        if not self.is_complete():
            raise Unavailable("the index is being rebuilt from disk; try again in a second")

    def mark_complete(self) -> None:
        self._complete(keys=[keys.COMPLETE, keys.EVENTS], args=[EventsLost().model_dump_json()])

    # -- pages ---------------------------------------------------------------------------------------------------

    def page(self, query: Query) -> Page:
        """The cost depends on the size of the page, not on the number of records: it starts at the cursor's rank."""
        self.require_complete()
        filtered_by = min(query.filters(), key=self.count)
        key = keys.index(query.order, filtered_by)
        start = self._rank_after(key, query)
        items: list[Record] = []
        while True:
            wanted = query.limit + 1 - len(items)
            is_selective = query.is_selective or not sees_everything()
            chunk = self._range(key, start, max(wanted, _SCAN) if is_selective else wanted, query)
            items += [record for record in self.get_many(chunk) if query.accepts(record)]
            start += len(chunk)
            if len(items) > query.limit or not chunk:
                break
        page = items[: query.limit]
        return Page(items=page, next_cursor=self._cursor(query, page[-1]) if len(items) > query.limit else None)

    def _range(self, key: str, start: int, count: int, query: Query) -> list[str]:
        command = self._redis.zrevrange if query.descending else self._redis.zrange
        return cast(list[str], command(key, start, start + count - 1))

    def _cursor(self, query: Query, last: Record) -> str:
        score = memberships(last)[keys.index(query.order)]
        return base64.urlsafe_b64encode(orjson.dumps([query.sort, score, last.id])).decode()

    def _rank_after(self, key: str, query: Query) -> int:
        """Rank of the first entry after the cursor; by its score if its record was deleted or has moved."""
        if query.cursor is None:
            return 0
        try:
            sort, score, last_id = _Cursor.validate_json(base64.urlsafe_b64decode(query.cursor))
        except (binascii.Error, ValueError) as error:
            raise InvalidCursor("this cursor was not made by this service; start again without one") from error
        if sort != query.sort:
            raise InvalidCursor(f"this cursor belongs to sort={sort}, not to sort={query.sort}")
        command = self._redis.zrevrank if query.descending else self._redis.zrank
        rank = cast(int | None, command(key, last_id)) if self.shown([last_id]) else None
        if rank is not None and self._redis.zscore(key, last_id) == score:
            return rank + 1
        bounds = (f"({score!r}", "+inf") if query.descending else ("-inf", f"({score!r}")
        return self._redis.zcount(key, *bounds)

    # -- models --------------------------------------------------------------------------------------------------

    def model_datasets(self) -> list[str]:
        """The datasets with published models, sorted."""
        indexes = cast(set[str], self._redis.smembers(keys.MODEL_INDEXES))
        return sorted(set(map(keys.model_index_dataset, indexes)))

    def best_models(self, dataset: str, private_to: str = "") -> list[Record]:
        """The published models of `dataset`, with those that are private to an owner, best first: by validation
        accuracy, ties by lower validation loss."""
        scored: list[tuple[float, str]] = []
        for key in {keys.model_index(dataset), keys.model_index(dataset, private_to)}:
            best = self._redis.zrevrange(key, 0, _CANDIDATES - 1, withscores=True)
            scored += ((score, experiment_id) for experiment_id, score in cast(list[tuple[str, float]], best))
        return self.get_many([experiment_id for _, experiment_id in sorted(scored, reverse=True)[:_CANDIDATES]])

    # -- history -------------------------------------------------------------------------------------------------

    def append_point(self, experiment_id: str, point: Point) -> bool:
        """False if the stream does not end just before `point`, because Redis was emptied: restore it from disk."""
        event = ExperimentEpoch(experiment_id=experiment_id, **point.model_dump())
        arguments: list[str | int] = [point.epoch, point.model_dump_json(), experiment_id, event.model_dump_json()]
        names = [keys.history(experiment_id), keys.EVENTS, keys.PRIVATE]
        return bool(self._append(keys=names, args=arguments))

    def restore_history(self, experiment_id: str, points: Iterable[Point]) -> None:
        key = keys.history(experiment_id)
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.delete(key)
        for point in points:
            pipeline.xadd(key, {"point": point.model_dump_json()}, id=f"{point.epoch + 1}-0")
        was_shown, *restored = pipeline.execute()
        if was_shown or restored:
            private_to = cast(str | None, self._redis.hget(keys.PRIVATE, experiment_id)) or ""
            self._events.add("reset", EventsLost(experiment_id=experiment_id), experiment_id, private_to)

    def history(self, experiment_id: str, since: int) -> History | None:
        """The epochs after epoch `since`, or None if the stream does not reach back to it."""
        first = since + 1
        entries = cast(
            list[tuple[str, dict[str, str]]],
            self._redis.xrange(keys.history(experiment_id), min=f"{first + 1}-0"),
        )
        try:
            points = tuple(Point.model_validate_json(fields["point"]) for _, fields in entries)
        except (KeyError, ValidationError):
            return None
        return History(points=points) if points and points[0].epoch == first else None


def _own_keys(experiment_id: str) -> list[str]:
    names = (keys.experiment, keys.changes, keys.history, keys.progress, keys.live)
    return [name(experiment_id) for name in names]


def _parse(document: str | None) -> Record | None:
    """None also if it does not parse: the caller reads the record on disk instead."""
    try:
        return Record.model_validate_json(document) if document else None
    except ValidationError:
        return None
