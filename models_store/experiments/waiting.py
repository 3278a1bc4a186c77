"""The experiments that wait, in the order in which workers start them.

The order is that of the priorities, in the index, or of several owners in turn, and of what people have moved, on
disk. A message only wakes a worker; which experiment that starts is decided here, when it is about to claim one
(docs/decisions/0054).
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from pydantic import ValidationError
from redis.exceptions import RedisError

from models_store.connection import require_redis
from models_store.events import EventLog, QueueChange
from models_store.experiments.fair_order import Waiting, fair_order
from models_store.experiments.index import Index
from models_store.experiments.index_entries import priority_of
from models_store.files import PATIENCE_SECONDS, lock_folder, write_atomic
from models_store.jobs.queue import TRAINING, Queue
from models_store.owners.quota import OwnerStore
from models_store.versions import Nested
from specs.limits import PRIORITY

FOLDER = "queue"
ORDER_FILE = "order.json"
_PICKS = "picks"
# Each that others have claimed meanwhile costs a worker one look at its record.
_MAX_CANDIDATES = 100
_MAX_WOKEN = 500

log = logging.getLogger(__name__)


class QueueOrder(Nested):
    """What people have decided. While `paused` no experiment is started. Those in `moved` come in that order, before
    all others but those whose priority is above `ceiling`, the highest one when they were moved."""

    paused: bool = False
    moved: tuple[str, ...] = ()
    ceiling: int = 0

    def arrange(self, waiting: Mapping[str, int]) -> list[str]:
        """All that wait. `waiting` has the priority of each, in order of priority."""
        moved = [each for each in self.moved if each in waiting]
        placed = set(moved)
        others = [each for each in waiting if each not in placed]
        first = [each for each in others if waiting[each] > self.ceiling] if moved else []
        return [*first, *moved, *others[len(first) :]]

    def reorder(self, ids: Sequence[str], waiting: Mapping[str, int]) -> "QueueOrder":
        """`ids` come first, in this order; the others follow as they were. Those that do not wait are left out."""
        wanted = [each for each in ids if each in waiting]
        named = set(wanted)
        others = [each for each in self.arrange(waiting) if each not in named]
        placed = set(self.moved)
        kept = max((place for place, each in enumerate(others, 1) if each in placed), default=0)
        moved = (*wanted, *others[:kept])
        ceiling = max(waiting.values()) if moved else 0
        return self.model_copy(update={"moved": moved, "ceiling": ceiling})

    def without(self, experiment_id: str) -> "QueueOrder":
        return self.model_copy(update={"moved": tuple(each for each in self.moved if each != experiment_id)})


class WaitingExperiments:
    """Every change is made under the folder's lock. Safe for any number of threads, processes and machines; each sees a
    change at its next read. Methods raise redis's errors unless stated otherwise."""

    def __init__(self, folder: Path, index: Index, events: EventLog, queue: Queue, owners: OwnerStore) -> None:
        self._folder = folder
        self._owners = owners
        self._index = index
        self._events = events
        self._queue = queue

    def prepare(self) -> None:
        """Make the folder. Raises OSError if it is not writable."""
        (self._folder / _PICKS).mkdir(parents=True, exist_ok=True)

    @property
    def order(self) -> QueueOrder:
        """From disk. If it is damaged the queue continues by priority."""
        try:
            return QueueOrder.model_validate_json((self._folder / ORDER_FILE).read_bytes())
        except FileNotFoundError:
            return QueueOrder()
        except ValidationError:
            log.error("%s of the queue does not parse: it is not paused, and what was moved is forgotten", ORDER_FILE)
            return QueueOrder()

    def ids(self) -> list[str]:
        """All that wait and are shown, the next one first."""
        return self._index.shown(self._arrange(self._waiting()))

    def position(self, experiment_id: str) -> int | None:
        """From 1, among those that are shown; None if it does not wait."""
        if not self.order.moved and not self._index.has_owners():
            return self._index.waiting_rank(experiment_id)
        ids = self.ids()
        return ids.index(experiment_id) + 1 if experiment_id in ids else None

    @contextmanager
    def picking(self) -> Iterator[None]:
        """While a worker claims one of the `candidates`: two that do so at once could exceed a limit of the owner.
        Raises Busy."""
        with lock_folder(self._folder / _PICKS, PATIENCE_SECONDS):
            yield

    def candidates(self, named: str, left: Callable[[Sequence[str]], Collection[str]] = lambda _: ()) -> Iterator[str]:
        """What a worker may claim, in order, without what it leaves to others: those of some ids that `left` returns.
        None while the queue is paused. `named` by the message that has woken it is the last one: it may wait and not be
        shown yet. Raises Unavailable."""
        if self.order.paused:
            log.info("the queue is paused")
            return
        with require_redis():
            # Halfway through a rebuild the first one might not be shown yet.
            self._index.require_complete()
            waiting = self._waiting()
            startable = self._startable(waiting)
        yield from islice(_without(startable, left), _MAX_CANDIDATES)
        is_blocked = named in {each.id for each in waiting}.difference(startable)
        is_next = named not in startable[:_MAX_CANDIDATES] and not is_blocked
        if is_next and not self.order.paused:
            yield from _without([named], left)

    def startable(self) -> list[str]:
        """Those whose owners may start another one now, in order."""
        return self._startable(self._waiting())

    def held_owners(self, owners: Collection[str]) -> set[str]:
        """Those of these `owners`, "" for none, who may start none now."""
        named = set(owners) - {""}
        running = Counter(self._index.owners_of(self._index.ids("status=running"))) if named else {}
        return {owner for owner in named if not self._owners.may_start(owner, running.get(owner, 0))}

    def _startable(self, waiting: Sequence[Waiting]) -> list[str]:
        owners = {each.id: each.owner for each in waiting}
        held = self.held_owners(owners.values())
        return [each for each in self._arrange(waiting) if owners[each] not in held]

    def note_start(self, owner: str | None) -> None:
        """It is the turn of the other owners."""
        try:
            self._index.note_start(owner or "")
        except RedisError as error:
            log.warning("the turn of %s was not noted: %r", owner, error)

    def other_candidates(self, jobs: Iterable[Waiting], named: str) -> list[str]:
        """The ids of other jobs than experiments that a worker may claim, in order: of owners in turn, or in order of
        `turn`, the time at which they were asked for, while Redis cannot be reached; where nobody owns any, first the
        one that is `named` by the message that has woken it."""
        waiting = sorted(jobs, key=_asked)
        if not any(each.owner for each in waiting):
            return [named, *(each.id for each in waiting if each.id != named)][:_MAX_CANDIDATES]
        try:
            waiting = list(fair_order(waiting, self._index.last_starts(), _asked))
        except RedisError as error:
            log.warning("owners do not take turns: %r", error)
        first = [each.id for each in waiting[:_MAX_CANDIDATES]]
        return first if named in first else [*first, named]

    def wake_next(self, owner: str) -> None:
        """What waited because of a limit of `owner`, one of whose trainings has ended, had no message."""
        try:
            if self._owners.is_limited(owner):
                self.wake(self.startable()[:1])
        except RedisError as error:
            log.warning("no worker was woken: %r; the reconciler will do it", error)

    # -- changes: each raises Busy, StorageFull ----------------------------------------------------------------------

    def reorder(self, ids: Sequence[str]) -> None:
        """These first, in this order, the others as they were. Those that do not wait, or not any more, are left out.
        Raises Unavailable."""
        with require_redis():
            self._index.require_complete()
            with lock_folder(self._folder):
                waiting = self._waiting()
                self._write(self._order_of(waiting).reorder(ids, _priorities(waiting)))
        self.announce()

    def forget(self, experiment_id: str) -> None:
        """Its place is that of its priority again."""
        if experiment_id in self.order.moved:
            with lock_folder(self._folder):
                self._write(self.order.without(experiment_id))

    def pause(self) -> None:
        """Start no other experiment; what runs continues."""
        self._set_paused(True)

    def resume(self, wanted: Callable[[Sequence[str]], Iterable[str]] = iter) -> None:
        """Start experiments again: workers are woken for those that `wanted` returns. If Redis is away, the reconciler
        does so when it is back."""
        self._set_paused(False)
        try:
            self.wake(wanted(self.ids()))
        except RedisError as error:
            log.warning("the queue is resumed, and no worker was woken: %r; the reconciler will do it", error)

    def _set_paused(self, paused: bool) -> None:
        with lock_folder(self._folder):
            self._write(self.order.model_copy(update={"paused": paused}))
        self.announce()

    def wake(self, ids: Iterable[str]) -> None:
        """As many messages as there are experiments, less those that are in the queue already."""
        pending = self._queue.pending(TRAINING)
        missing = [each for each in ids if (each,) not in pending]
        for experiment_id in missing[:_MAX_WOKEN]:
            if not self._queue.enqueue(TRAINING, experiment_id):
                break

    def announce(self, private_to: str = "") -> None:
        """The order has changed; of private experiments alone for those of their owner `private_to`."""
        self._events.add("queue", QueueChange(paused=self.order.paused), private_to=private_to)

    def _write(self, order: QueueOrder) -> None:
        write_atomic(self._folder / ORDER_FILE, order.model_dump_json().encode())

    def _arrange(self, waiting: Sequence[Waiting]) -> list[str]:
        return self._order_of(waiting).arrange(_priorities(waiting))

    def _order_of(self, waiting: Sequence[Waiting]) -> QueueOrder:
        """Where several owners wait, nobody's priority passes what was moved."""
        return self.order.model_copy(update={"ceiling": PRIORITY}) if _is_shared(waiting) else self.order

    def _waiting(self) -> list[Waiting]:
        turns = self._index.waiting()
        owners = self._index.owners_of([experiment_id for experiment_id, _ in turns])
        waiting = [Waiting(each, turn, owner) for (each, turn), owner in zip(turns, owners, strict=True)]
        return list(fair_order(waiting, self._index.last_starts())) if _is_shared(waiting) else waiting


def _without(ids: Sequence[str], left: Callable[[Sequence[str]], Collection[str]]) -> Iterator[str]:
    """Asked for in parts: mostly the first one is claimed."""
    for start in range(0, len(ids), _MAX_CANDIDATES):
        part = ids[start : start + _MAX_CANDIDATES]
        omitted = left(part)
        yield from (each for each in part if each not in omitted)


def _asked(job: Waiting) -> tuple[float, str]:
    """Of other jobs than experiments, whose `turn` is the time."""
    return job.turn, job.id


def _is_shared(waiting: Sequence[Waiting]) -> bool:
    return len({each.owner for each in waiting}) > 1


def _priorities(waiting: Iterable[Waiting]) -> dict[str, int]:
    return {each.id: priority_of(each.turn) for each in waiting}
