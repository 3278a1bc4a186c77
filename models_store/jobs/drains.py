"""Which workers start nothing more, as people have decided, on disk."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from models_store.files import lock_folder, write_atomic
from models_store.frozen import utc_now
from models_store.versions import Nested

FOLDER = "workers"
DRAINS_FILE = "drains.json"
# What was said of a worker that was killed is forgotten later: one that is not heard of for a moment may live.
_FORGOTTEN_AFTER = timedelta(days=1)

Draining = Literal["finish", "give_back"]

log = logging.getLogger(__name__)


class Drain(Nested):
    mode: Draining
    at: datetime


_DRAINS: TypeAdapter[dict[str, Drain]] = TypeAdapter(dict[str, Drain])


def machine_of(name: str) -> str:
    """The machine of the worker `name`, which is that and the id of its process. A machine is its own."""
    return name.partition(":")[0]


class Drains:
    """By the name of a worker, or of a machine for all workers on it, also those that are started later. Each change
    is made under the folder's lock, and raises Busy or StorageFull. Safe for any number of processes and machines."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER

    def prepare(self) -> None:
        """Make the folder. Raises OSError if it is not writable."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def read(self) -> dict[str, Drain]:
        """If it cannot be read, no worker drains."""
        try:
            return _DRAINS.validate_json((self._folder / DRAINS_FILE).read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            log.error("%s cannot be read, so that no worker drains: %r", DRAINS_FILE, error)
            return {}

    def mode_of(self, worker: str) -> Draining | None:
        """How the worker of that name drains, by its own name or that of its machine; None if it does not."""
        return mode_in(self.read(), worker)

    def add(self, name: str, mode: Draining, is_alive: Callable[[str], bool]) -> None:
        """`is_alive` says whether a worker lives: others are forgotten after a day."""

        def is_kept(each: str, drain: Drain) -> bool:
            return each == machine_of(each) or is_alive(each) or drain.at > utc_now() - _FORGOTTEN_AFTER

        with lock_folder(self._folder):
            kept = {each: drain for each, drain in self.read().items() if is_kept(each, drain)}
            self._write({**kept, name: Drain(mode=mode, at=utc_now())})

    def remove(self, name: str) -> None:
        """That of a machine with those of its workers."""
        self._discard(lambda each: name in (each, machine_of(each)))

    def forget(self, worker: str) -> None:
        """The worker of that name has ended, or is another one than before: in a container they often have one name."""
        self._discard(lambda each: each == worker)

    def _discard(self, is_discarded: Callable[[str], bool]) -> None:
        if not any(map(is_discarded, self.read())):
            return
        with lock_folder(self._folder):
            self._write({each: drain for each, drain in self.read().items() if not is_discarded(each)})

    def _write(self, drains: dict[str, Drain]) -> None:
        write_atomic(self._folder / DRAINS_FILE, _DRAINS.dump_json(drains))


def mode_in(drains: dict[str, Drain], worker: str) -> Draining | None:
    modes = {drains[each].mode for each in (worker, machine_of(worker)) if each in drains}
    return "give_back" if "give_back" in modes else "finish" if modes else None
