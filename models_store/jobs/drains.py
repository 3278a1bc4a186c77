"""Which workers start nothing more, as people have decided, on disk."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from models_store.errors import Damaged, Unavailable
from models_store.files import lock_folder, write_atomic
from models_store.frozen import utc_now
from models_store.versions import Nested

FOLDER = "workers"
DRAINS_FILE = "drains.json"
# What was said of a worker that was killed is forgotten later: one that is not heard of for a moment may live.
_FORGOTTEN_AFTER = timedelta(days=1)

Draining = Literal["finish", "give_back"]

log = logging.getLogger(__name__)


# By name: a Drain, or what this release does not understand and leaves as it is.
_Written = dict[str, Any]
_WRITTEN: TypeAdapter[_Written] = TypeAdapter(_Written)


class Drain(Nested):
    mode: Draining
    at: datetime


def machine_of(name: str) -> str:
    """The machine of the worker `name`, which is that and the id of its process. A machine is its own."""
    return name.partition(":")[0]


class Drains:
    """By the name of a worker, or of a machine for all workers on it, also those that are started later. Each change
    is made under the folder's lock, and raises Busy, StorageFull, or Unavailable if what is there cannot be read. Safe
    for any number of threads, processes and machines.

    While the file cannot be read, what was last read of it holds: a network disk that stalls has no worker start again.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._last: _Written | None = None

    def prepare(self) -> None:
        """Make the folder. Raises OSError if it is not writable."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def read(self) -> dict[str, Draining]:
        """How each drains, as far as this process has been able to read it."""
        return _modes(self._newest() or {})

    def mode_of(self, worker: str) -> Draining | None:
        """How the worker of that name drains, by its own name or that of its machine; None if it does not. "finish" if
        this process never was able to read it: who does not know starts nothing."""
        newest = self._newest()
        return "finish" if newest is None else mode_in(_modes(newest), worker)

    def add(self, name: str, mode: Draining, is_alive: Callable[[str], bool]) -> None:
        """`is_alive` says whether a worker lives: others are forgotten after a day."""

        def is_kept(each: str, value: object) -> bool:
            drain = _parse(value)
            forgotten = utc_now() - _FORGOTTEN_AFTER
            return drain is None or each == machine_of(each) or is_alive(each) or drain.at > forgotten

        with lock_folder(self._folder):
            kept = {each: value for each, value in self._to_change().items() if is_kept(each, value)}
            self._write({**kept, name: Drain(mode=mode, at=utc_now()).model_dump(mode="json")})

    def remove(self, name: str) -> None:
        """That of a machine with those of its workers."""
        self._discard(lambda each: name in (each, machine_of(each)))

    def forget(self, worker: str) -> None:
        """The worker of that name has ended, or is another one than before: in a container they often have one name."""
        self._discard(lambda each: each == worker)

    def _discard(self, is_discarded: Callable[[str], bool]) -> None:
        if not any(map(is_discarded, self._to_change())):
            return
        with lock_folder(self._folder):
            self._write({each: value for each, value in self._to_change().items() if not is_discarded(each)})

    def _write(self, drains: _Written) -> None:
        write_atomic(self._folder / DRAINS_FILE, _WRITTEN.dump_json(drains))
        self._last = drains

    def _newest(self) -> _Written | None:
        """What the file has, or what it had when it could be read last; None if it never could be."""
        try:
            self._last = self._load()
        except (Unavailable, Damaged) as error:
            log.error("%s; until it can be read, workers drain as before", error)
        return self._last

    def _to_change(self) -> _Written:
        """Of a damaged file, which is replaced, what this process knew before. Raises Unavailable."""
        try:
            return self._load()
        except Damaged as error:
            log.error("%s; it is replaced", error)
            return self._last or {}

    def _load(self) -> _Written:
        """Raises Unavailable, Damaged."""
        try:
            return _WRITTEN.validate_json((self._folder / DRAINS_FILE).read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Unavailable(f"{FOLDER}/{DRAINS_FILE} of the store cannot be read: {error.strerror}") from error
        except ValidationError as error:
            raise Damaged(f"{FOLDER}/{DRAINS_FILE} of the store is damaged: {error.errors()[0]['msg']}") from error


def mode_in(drains: Mapping[str, Draining], worker: str) -> Draining | None:
    modes = {drains[each] for each in (worker, machine_of(worker)) if each in drains}
    return "give_back" if "give_back" in modes else "finish" if modes else None


def _modes(written: _Written) -> dict[str, Draining]:
    """A worker that is told what this release does not understand starts nothing more."""
    parsed = {each: _parse(value) for each, value in written.items()}
    return {each: "finish" if drain is None else drain.mode for each, drain in parsed.items()}


def _parse(value: object) -> Drain | None:
    try:
        return Drain.model_validate(value)
    except ValidationError:
        return None
