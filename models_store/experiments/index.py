"""The live view of all records in Redis: one hash each, and sorted sets for pages.

The truth is on disk, from which the reconciler rebuilds the view. Methods raise redis's errors;
`models_store.experiments.store` handles them.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import cast

from pydantic import ValidationError
from redis import Redis

from models_store import keys
from models_store.errors import Unavailable
from models_store.events import (
    EventLog,
    EventsLost,
    ExperimentDeleted,
    ExperimentEpoch,
)
from models_store.experiments import index_scripts as scripts
from models_store.experiments.history import History
from models_store.experiments.index_entries import ShownState, memberships
from models_store.experiments.live import Reports
from models_store.experiments.needs import Needs
from models_store.experiments.newer import parse_shown
from models_store.experiments.pages import Page, Query, decode_cursor, encode_cursor
from models_store.experiments.points import Point
from models_store.experiments.record import Record
from models_store.experiments.summary import ExperimentSummary
from models_store.visibility import private_to, sees_everything

_SCAN = 200
# Redis takes a millisecond for so many.
_MAX_AT_ONCE = 2_000
# The best model, and those that replace it if it is damaged.
_CANDIDATES = 20


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
        summary = ExperimentSummary.of(self._shown(record)).model_dump_json()
        return bool(self._put(keys=scripts.put_keys(record), args=scripts.put_arguments(record, summary)))

    def put_all(self, records: Iterable[Record]) -> list[bool]:
        """The same for many, while the index is being rebuilt: nothing is announced."""
        pipeline = self._redis.pipeline(transaction=False)
        for record in records:
            self._put(keys=scripts.put_keys(record), args=scripts.put_arguments(record, ""), client=pipeline)
        return list(map(bool, pipeline.execute()))

    def remove(self, experiment_id: str) -> None:
        deleted = ExperimentDeleted(experiment_id=experiment_id).model_dump_json()
        self._remove(keys=scripts.remove_keys(experiment_id), args=[experiment_id, deleted, keys.model_index("")])

    def get(self, experiment_id: str) -> Record | None:
        record = self.get_whole(experiment_id)
        return None if record is None else self._shown(record)

    def get_whole(self, experiment_id: str) -> Record | None:
        """With what is not shown, and even if it is private: to be changed and written again."""
        document = cast(str | None, self._redis.hget(keys.experiment(experiment_id), "document"))
        record = parse_shown(experiment_id, document)
        return None if record is None else self.reports.merge_into([record])[0]

    def version(self, experiment_id: str) -> int | None:
        version = cast(str | None, self._redis.hget(keys.experiment(experiment_id), "version"))
        return None if version is None else int(version)

    def get_many(self, ids: Sequence[str]) -> list[Record]:
        pipeline = self._redis.pipeline(transaction=False)
        for experiment_id in ids:
            pipeline.hget(keys.experiment(experiment_id), "document")
        parsed = map(parse_shown, ids, pipeline.execute())
        shown = [record for record in parsed if record is not None and record.privacy.is_shown]
        return list(map(self._shown, self.reports.merge_into(shown)))

    def ids(self, filtered_by: str = "all") -> list[str]:
        """All ids that match a filter, oldest first."""
        key = keys.index("created_at", filtered_by)
        first = cast(list[str], self._redis.zrange(key, 0, _MAX_AT_ONCE - 1))
        if len(first) < _MAX_AT_ONCE:
            return first
        # In parts: others wait while Redis reads one.
        scores = dict(cast(Iterable[tuple[str, float]], self._redis.zscan_iter(key, count=_MAX_AT_ONCE)))
        return sorted(scores, key=lambda each: (scores[each], each))

    def slice(self, start: int, count: int, filtered_by: str = "all") -> list[str]:
        """The ids of `count` experiments that match a filter, oldest first, from the one of rank `start`."""
        return cast(list[str], self._redis.zrange(keys.index("created_at", filtered_by), start, start + count - 1))

    def checked(self) -> int:
        """How many of them were compared with disk in this round."""
        return int(cast(str | None, self._redis.get(keys.CHECKED)) or 0)

    def note_checked(self, number: int) -> None:
        self._redis.set(keys.CHECKED, number)

    def states(self, ids: Sequence[str]) -> list[ShownState | None]:
        """What is shown of each; None for one that is not."""
        return [ShownState.parse(each) if each else None for each in self._shown_texts(ids)]

    def named(self, ids: Sequence[str], part: str) -> list[str]:
        """Those with `part` in their name; case is ignored."""
        texts = zip(ids, self._shown_texts(ids), strict=True)
        return [each for each, text in texts if text and part.lower() in ShownState.parse(text).name]

    def _shown_texts(self, ids: Sequence[str]) -> list[str | None]:
        return cast(list[str | None], self._redis.hmget(keys.SHOWN, list(ids))) if ids else []

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

    def needs(self, ids: Sequence[str]) -> list[Needs | None]:
        """What each takes of a machine; None where disk has to be asked."""
        if not ids:
            return []
        texts = cast(list[str | None], self._redis.hmget(keys.NEEDS, list(ids)))
        return [Needs.parse(each) if each else None for each in texts]

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

    def mark_complete(self, ticket: str = "") -> bool:
        """Let it be read. False, and nothing changes, if there is a `ticket` and no longer its process is elected."""
        names = [keys.COMPLETE, keys.EVENTS, keys.MODELS, keys.RECONCILER]
        return bool(self._complete(keys=names, args=[EventsLost().model_dump_json(), ticket]))

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
            scanned = _MAX_AT_ONCE if query.name is not None else max(wanted, _SCAN)
            chunk = self._range(key, start, scanned if is_selective else wanted, query)
            start += len(chunk)
            found = self.named(chunk, query.name) if query.name is not None else chunk
            items += [record for record in self.get_many(found) if query.accepts(record)]
            if len(items) > query.limit or not chunk:
                break
        page = items[: query.limit]
        return Page(items=page, next_cursor=self._cursor(query, page[-1]) if len(items) > query.limit else None)

    def _range(self, key: str, start: int, count: int, query: Query) -> list[str]:
        command = self._redis.zrevrange if query.descending else self._redis.zrange
        return cast(list[str], command(key, start, start + count - 1))

    def _cursor(self, query: Query, last: Record) -> str:
        return encode_cursor(query, memberships(last)[keys.index(query.order)], last.id)

    def _rank_after(self, key: str, query: Query) -> int:
        """Rank of the first entry after the cursor; by its score if its record was deleted or has moved."""
        if query.cursor is None:
            return 0
        score, last_id = decode_cursor(query.cursor, query)
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

    def models_version(self) -> str:
        """Changes with any of them. Raises Unavailable while the index is being rebuilt."""
        complete, version = cast(list[str | None], self._redis.mget(keys.COMPLETE, keys.MODELS))
        if complete is None:
            self.require_complete()
        return version or ""

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
