"""Removing experiments, or their training states, that are too old, too many or too large; what is kept even so."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from models_store.assignments.budgets import reject_budgeted
from models_store.disk_use import folder_bytes
from models_store.errors import Damaged, InvalidState, NotFound
from models_store.experiments.folders import ATTEMPTS
from models_store.experiments.record import Record, Status
from models_store.frozen import Frozen, utc_now
from models_store.store import Store
from specs.problem import quantity

IsServing = Callable[[str], bool]


class Retention(NamedTuple):
    """Which go, of ended experiments or of their states: those that ended more than so many days ago, those beyond the
    newest so many, and the oldest ones as long as all together have more bytes than that. None is no limit."""

    older_than_days: float | None = None
    keep_newest: int | None = None
    max_bytes: int | None = None


class PrunedExperiment(Frozen):
    """`bytes` is what was removed of it, `reason` the limit that it exceeds."""

    id: str
    name: str
    status: Status
    ended_at: datetime | None
    bytes: int
    reason: str


class KeptExperiment(Frozen):
    """One that exceeds a limit, and why it is kept."""

    id: str
    name: str
    reason: str


class Pruning(Frozen):
    """What was removed, or would be with `dry_run`, oldest first, and what was kept although it exceeds a limit. With
    `states_only` the experiments are still there, without their training states."""

    dry_run: bool
    states_only: bool = False
    removed: tuple[PrunedExperiment, ...]
    removed_bytes: int
    kept: tuple[KeptExperiment, ...]


class _Candidate(NamedTuple):
    record: Record
    bytes: int


class _Found(NamedTuple):
    """Those that have ended, oldest end first, and the bytes of the others. `name` says what they are, in reasons."""

    name: str
    ended: list[_Candidate]
    other_bytes: int


def prune(store: Store, limits: Retention, is_serving: IsServing, *, dry_run: bool) -> Pruning:
    """Experiments that wait or run, have a star, serve, are pinned, belong to a sweep that has not ended, count in the
    budget of an assignment, are to be checked or approved before they serve, or whose weights an unfinished one starts
    with are kept. Raises Unavailable."""
    experiments = store.experiments

    def remove(record: Record) -> None:
        _reject_wanted(store, record)
        _reject_undecided(record)
        reject_budgeted(store, record)
        experiments.pins.reject_serving(record.id, record.dataset, is_serving(record.id))
        experiments.reject_needed(record)
        if not dry_run:
            experiments.delete(record.id, serving=is_serving(record.id), check=partial(_reject_changed, record))

    found = _find(store, "experiments", experiments.folder)
    return _remove_each(found, limits, remove, Pruning(dry_run=dry_run, removed=(), removed_bytes=0, kept=()))


def prune_states(store: Store, limits: Retention, *, dry_run: bool) -> Pruning:
    """Remove the training states of ended experiments, which then cannot be continued; those that have a star or belong
    to a sweep that has not ended are kept. Raises Unavailable."""

    def remove(record: Record) -> None:
        _reject_wanted(store, record)
        if not dry_run:
            store.continuations.remove_state(record.id, partial(_reject_changed, record))

    found = _find(store, "training states", lambda each: store.experiments.folder(each) / ATTEMPTS)
    found = found._replace(ended=[each for each in found.ended if each.bytes])
    nothing = Pruning(dry_run=dry_run, states_only=True, removed=(), removed_bytes=0, kept=())
    return _remove_each(found, limits, remove, nothing)


def _remove_each(found: _Found, limits: Retention, remove: Callable[[Record], None], nothing: Pruning) -> Pruning:
    """`remove` raises InvalidState for what is kept, and Damaged, or Newer, where it cannot tell."""
    removed: list[PrunedExperiment] = []
    kept: list[KeptExperiment] = []
    for each, reason in _beyond(found, limits, removed):
        record = each.record
        try:
            remove(record)
        except (InvalidState, Damaged) as error:
            kept.append(KeptExperiment(id=record.id, name=record.name, reason=str(error)))
            continue
        except NotFound:
            continue  # somebody else has deleted it meanwhile
        shown = {name: getattr(record, name) for name in ("id", "name", "status", "ended_at")}
        removed.append(PrunedExperiment(**shown, bytes=each.bytes, reason=reason))
    total = sum(each.bytes for each in removed)
    return nothing.model_copy(update={"removed": tuple(removed), "removed_bytes": total, "kept": tuple(kept)})


def _find(store: Store, name: str, folder: Callable[[str], Path]) -> _Found:
    experiments = store.experiments
    experiments.check_view()
    records = experiments.index.get_many(experiments.index.ids())
    sized = [_Candidate(record, folder_bytes(folder(record.id))) for record in records]
    ended = [each for each in sized if each.record.status.is_terminal]
    ended.sort(key=lambda each: (each.record.ended_at or each.record.created_at, each.record.id))
    return _Found(name, ended, sum(each.bytes for each in sized) - sum(each.bytes for each in ended))


def _beyond(found: _Found, limits: Retention, removed: list[PrunedExperiment]) -> Iterator[tuple[_Candidate, str]]:
    """Those beyond a limit, oldest first, with the reason. `removed` grows meanwhile."""
    total = found.other_bytes + sum(each.bytes for each in found.ended)
    now = utc_now()
    for number, each in enumerate(found.ended):
        newer = len(found.ended) - number - 1
        age = now - (each.record.ended_at or each.record.created_at)
        left = total - sum(one.bytes for one in removed)
        if limits.older_than_days is not None and age > timedelta(days=limits.older_than_days):
            yield each, f"ended {age.days} days ago, of at most {limits.older_than_days:g}"
        elif limits.keep_newest is not None and newer >= limits.keep_newest:
            kept = quantity(limits.keep_newest, "is", "are")
            yield each, f"{quantity(newer, 'newer one has', 'newer ones have')} ended, and {kept} kept"
        elif limits.max_bytes is not None and left > limits.max_bytes:
            yield each, f"all {found.name} take {left:,} bytes, of at most {limits.max_bytes:,}"


def _reject_changed(judged: Record, current: Record) -> None:
    """Raises InvalidState for one that was retried, given a star or edited since it was `judged`: a look at thousands
    takes seconds."""
    if not current.damaged and current.version != judged.version:
        raise InvalidState("it was changed in this moment")


def _reject_undecided(record: Record) -> None:
    """Raises InvalidState for a fine-tuned model that may come to serve."""
    if record.improvement is None or record.status is not Status.SUCCEEDED:
        return
    if record.improvement.state == "waiting":
        raise InvalidState(f"it waits for approval: POST /experiments/{record.id}:promote or :decline decides")
    if record.improvement.state == "pending":
        raise InvalidState("it is about to be compared with what serves")


def _reject_wanted(store: Store, record: Record) -> None:
    if record.star:
        raise InvalidState("it has a star")
    if record.sweep is None:
        return
    try:
        sweep = store.sweeps.get(record.sweep)
    except NotFound:
        return
    if not sweep.has_ended:
        raise InvalidState(f"it belongs to sweep {sweep.id}, which is {sweep.status}")
