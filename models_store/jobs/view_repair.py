"""Makes the live view of experiments agree with disk, a part at a time."""

import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from redis.exceptions import RedisError

from models_store import artifacts
from models_store.datasets.store import DatasetStore
from models_store.errors import Busy, Damaged, Newer, NotFound
from models_store.experiments import history
from models_store.experiments.index_entries import ShownState
from models_store.experiments.record import Record, Status
from models_store.experiments.store import ExperimentStore
from models_store.files import TEMPORARY_SUFFIX, remove_stale_temporaries
from models_store.ids import is_experiment_id

# So many records are written to Redis, or asked for, at once: others wait for a few milliseconds at most.
_WRITTEN, _ASKED = 20, 500
# Of the records that are compared with the view in one sweep: so many at least, and more for so long.
_MIN_CHECKED, _MAX_CHECKED, _CHECK_SECONDS = 50, 1_000, 0.02
# Of the records that are shown as newer, so many are read again at a time.
_NEWER = 50
# What takes longer than this, of the processor, is not repeated for so many times its time.
_QUICK_SECONDS, _PAUSE_FACTOR = 0.005, 500

log = logging.getLogger(__name__)


class _Rarely:
    """Times a block, so that it is a small part of all time however long it takes."""

    def __init__(self) -> None:
        self._due_at = float("-inf")

    def is_due(self) -> bool:
        return time.monotonic() >= self._due_at

    def __enter__(self) -> None:
        self._started = time.thread_time()

    def __exit__(self, *_: object) -> None:
        taken = time.thread_time() - self._started
        if taken > _QUICK_SECONDS:
            self._due_at = time.monotonic() + _PAUSE_FACTOR * taken


class ViewRepair:
    """`stay_elected` is called before each part, and raises if another process has taken over. Methods raise redis's
    errors."""

    def __init__(self, store: ExperimentStore, datasets: DatasetStore, stay_elected: Callable[[], None]) -> None:
        self._store = store
        self._datasets = datasets
        self._stay_elected = stay_elected
        # What this process has found on disk, all of it shown.
        self._known: set[str] = set()
        self._is_round_due = False
        self._listing, self._comparison, self._reading, self._tidying = _Rarely(), _Rarely(), _Rarely(), _Rarely()
        self._newer_from = 0

    def show_unshown(self) -> None:
        while self._store.unshown:
            experiment_id = self._store.unshown.pop()
            try:
                self._restore(experiment_id)
            except (RedisError, OSError):
                self._store.unshown.add(experiment_id)
                raise

    def show_newer(self) -> None:
        """What an older version shows as newer may be of this one: a slice at a time."""
        if not self._reading.is_due():
            return
        with self._reading:
            ids = self._store.index.slice(self._newer_from, _NEWER, f"status={Status.NEWER}")
            readable = [each for each in ids if not self._is_still_newer(each)]
        # What is restored is none of them any more, and the others move up.
        self._newer_from = self._newer_from + len(ids) - len(readable) if len(ids) == _NEWER else 0
        for experiment_id in readable:
            self._try_to_restore(experiment_id)

    def _is_still_newer(self, experiment_id: str) -> bool:
        try:
            self._store.read(experiment_id)
        except Newer:
            return True
        except (Damaged, NotFound, OSError):
            return False
        return False

    def match_names(self) -> None:
        """Show what only disk has, and forget what it no longer has."""
        if not self._listing.is_due():
            return
        with self._listing:
            on_disk = self._ids_on_disk()
        gone = self._known - on_disk
        differs = self._is_round_due or self._store.index.count() != len(on_disk)
        compares_all = differs and self._comparison.is_due()
        with self._comparison:
            if compares_all:
                # Redis may have lost what it had, as one that is killed loses the last second, or missed a deletion.
                self._known, self._is_round_due = set(), False
                gone |= set(self._store.index.ids()) - on_disk
            self._show_new(sorted(on_disk - self._known, reverse=True))
        for experiment_id in gone:
            self._forget(experiment_id)
        self._known = on_disk

    def _show_new(self, found: Sequence[str]) -> None:
        """The newest first: they may be waiting."""
        for ids in _batched(found, _ASKED):
            self._stay_elected()
            for experiment_id, state in zip(ids, self._store.index.states(ids), strict=True):
                if state is None:
                    self._try_to_restore(experiment_id)

    def rebuild(self) -> None:
        """Show everything. Where a view is left, its entries may be those of another version."""
        on_disk = self._ids_on_disk()
        for experiment_id in set(self._store.index.ids()) - on_disk:
            self._forget(experiment_id)
        for ids in _batched(sorted(on_disk), _WRITTEN):
            self._stay_elected()
            # Histories take a third of the time, and are read when it is their turn.
            records = [record for each in ids if (record := self._read(each, self._inspect_result)) is not None]
            for record, is_shown in zip(records, self._store.index.put_all(records), strict=True):
                if not is_shown:
                    self._try_to_restore(record.id)
        self._known = on_disk

    def _read(self, experiment_id: str, inspect: Callable[[Record], Record]) -> Record | None:
        try:
            return inspect(self._store.read_or_damaged(experiment_id))
        except NotFound:
            return None
        except OSError as error:
            log.error("%s cannot be read and is not shown: %s", experiment_id, error)
            return None

    def check_slice(self) -> None:
        """Compare some of the view with disk, the next sweep the next ones."""
        start = self._store.index.checked()
        ids = self._store.index.slice(start, _MAX_CHECKED)
        # What is not mounted is not deleted.
        self._store.experiments.stat()
        if start == 0:
            self._is_round_due = True
            self._tidy_up()
        ends_at, checked = time.monotonic() + _CHECK_SECONDS, 0
        for experiment_id, state in zip(ids, self._store.index.states(ids), strict=True):
            if checked >= _MIN_CHECKED and time.monotonic() > ends_at:
                break
            checked += 1
            try:
                self._check(experiment_id, state)
            except OSError as error:
                log.error("%s cannot be compared with its view: %s", experiment_id, error)
        is_round_over = checked == len(ids) < _MAX_CHECKED
        self._store.index.note_checked(0 if is_round_over else start + checked)

    def _check(self, experiment_id: str, state: ShownState | None) -> None:
        folder = self._store.folder(experiment_id)
        if not folder.exists():
            self._forget(experiment_id)
            return
        remove_stale_temporaries(folder)
        record = self._read(experiment_id, self._inspect)
        if record is not None and (state is None or (state.version, state.damaged) != (record.version, record.damaged)):
            self._try_to_restore(experiment_id)

    def _tidy_up(self) -> None:
        """Remove what killed processes have left behind, outside of single experiments."""
        remove_stale_temporaries(self._store.experiments)
        self._datasets.clear_abandoned()
        if self._tidying.is_due():
            with self._tidying:
                self._clear_other_rooms()
        self._store.idempotency.remove_expired()

    def _clear_other_rooms(self) -> None:
        apart = {self._store.experiments.name, self._datasets.datasets.name}
        for room in self._store.experiments.parent.iterdir():
            if room.name not in apart:
                for folder, _, _ in os.walk(room):
                    try:
                        remove_stale_temporaries(Path(folder), is_used=_is_of_attempt)
                    except OSError as error:
                        log.error("%s is not cleared of what was left there: %s", folder, error)

    def _ids_on_disk(self) -> set[str]:
        with os.scandir(self._store.experiments) as entries:
            return {entry.name for entry in entries if entry.name in self._known or is_experiment_id(entry.name)}

    def _try_to_restore(self, experiment_id: str) -> None:
        try:
            self._restore(experiment_id)
        except OSError as error:
            log.error("%s cannot be read and is not shown: %s", experiment_id, error)

    def _restore(self, experiment_id: str) -> None:
        """Show the record as disk has it."""
        try:
            record = self._inspect(self._store.read_or_damaged(experiment_id))
        except NotFound:
            return
        shown, (state,) = self._store.index.get(experiment_id), self._store.index.states([experiment_id])
        # A process of an earlier release writes the view without what only later ones write.
        same = shown is not None and _state(shown) == _state(record) and state == ShownState.of(record)
        if same or self._store.index.put(record):
            return
        # The view is newer than what was just read: either it changed meanwhile, or disk went back to an older file.
        try:
            with self._store.lock(experiment_id) as current:
                self._replace_view(self._inspect(current))
        except (NotFound, Busy, Damaged):
            return

    def _replace_view(self, record: Record) -> None:
        shown = self._store.index.get(record.id)
        if shown is not None and shown.version > record.version:
            self._store.index.remove(record.id)
        self._store.index.put(record)

    def _inspect(self, record: Record) -> Record:
        """Name the damaged files of an experiment; costs a stat for each."""
        folder = self._store.folder(record.id)
        if record.damaged or record.status in (Status.RUNNING, Status.NEWER):
            return record
        damaged = _damaged(history.HISTORY_FILE, lambda: history.check(folder, record.epochs_completed))
        record = self._inspect_result(record)
        return record.model_copy(update={"damaged": (*damaged, *record.damaged)}) if damaged else record

    def _inspect_result(self, record: Record) -> Record:
        if record.damaged or record.status is not Status.SUCCEEDED:
            return record
        folder = self._store.folder(record.id) / artifacts.ARTIFACTS
        damaged = _damaged(artifacts.ARTIFACTS, lambda: artifacts.check_sizes(folder))
        return record.model_copy(update={"damaged": tuple(damaged)}) if damaged else record

    def _forget(self, experiment_id: str) -> None:
        if not self._store.folder(experiment_id).exists():
            self._store.index.remove(experiment_id)


def _is_of_attempt(temporary: Path) -> bool:
    """Whether a job stages its result there, which may take long, and not `temporary_name` has named it."""
    return not re.fullmatch(rf".+\.[0-9a-f]{{12}}\{TEMPORARY_SUFFIX}", temporary.name)


def _state(record: Record) -> tuple[object, ...]:
    """A record with the same has the same view."""
    return record.version, record.status, record.damaged


def _batched(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _damaged(name: str, check: Callable[[], None]) -> list[str]:
    try:
        check()
    except (Damaged, NotFound):
        return [name]
    return []
