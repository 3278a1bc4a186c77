"""Datasets whose test results are withheld until they are revealed; one file for all."""

import logging
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from models_store.errors import Damaged, InvalidState
from models_store.files import lock_folder, write_atomic
from models_store.frozen import utc_now
from models_store.versions import Nested

HIDDEN_FILE = "hidden.json"
Mark = tuple[int, int] | None

log = logging.getLogger(__name__)


class Hiding(Nested):
    """Of one dataset. `since` is null if it is not hidden now; `reveals` are the times at which it was revealed. If
    `sealed_until` is set, samples of its test split are withheld as well, and it cannot be revealed before."""

    since: datetime | None = None
    reveals: tuple[datetime, ...] = ()
    sealed_until: datetime | None = None

    def is_sealed(self, now: datetime) -> bool:
        """Whether it must not be revealed."""
        return self.sealed_until is not None and now < self.sealed_until


class _Look(NamedTuple):
    """What was in the file at that time, or later; None if it does not parse."""

    at: float
    mark: Mark
    hidings: Mapping[str, Hiding] | None


_HIDINGS: TypeAdapter[dict[str, Hiding]] = TypeAdapter(dict[str, Hiding])


class HiddenTests:
    """`hidden.json` in `folder`. A file that does not parse hides every dataset, until somebody mends it.

    Every change is made under the folder's lock and replaces the file. Safe for any number of threads, processes and
    machines; each sees a change at its next call, which costs one stat, or with `max_age` within so many seconds.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / HIDDEN_FILE
        self._look = _Look(-math.inf, None, {})
        # When this process changed it last.
        self._changed_at = -math.inf

    @property
    def mark(self) -> Mark:
        """Identifies the present state: every write makes a new file, and so a new inode."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def is_hidden(self, dataset: str, max_age: float = 0.0) -> bool:
        hidings = self._hidings(max_age)
        return hidings is None or (dataset in hidings and hidings[dataset].since is not None)

    def is_any_hidden(self) -> bool:
        hidings = self._hidings()
        return hidings is None or any(each.since is not None for each in hidings.values())

    def is_sealed(self, dataset: str) -> bool:
        """Whether nobody may see the samples of its test split."""
        hidings = self._hidings()
        return hidings is None or (dataset in hidings and hidings[dataset].sealed_until is not None)

    def may_reveal(self, dataset: str, now: datetime) -> bool:
        """Whether it is not sealed, or the seal has ended."""
        hidings = self._hidings()
        return hidings is not None and not hidings.get(dataset, Hiding()).is_sealed(now)

    def check_unsealed(self, dataset: str) -> None:
        """Raises InvalidState while it must not be revealed."""
        _check_unsealed(dataset, self.get(dataset))

    def get(self, dataset: str) -> Hiding:
        hidings = self._hidings()
        if hidings is None:
            return Hiding(since=datetime.fromtimestamp(self._path.stat().st_mtime, tz=utc_now().tzinfo))
        return hidings.get(dataset, Hiding())

    def hide(self, dataset: str) -> bool:
        """False if it is hidden already. Raises Busy, StorageFull, Damaged."""
        with self._change() as hidings:
            before = hidings.get(dataset, Hiding())
            if before.since is None:
                hidings[dataset] = before.model_copy(update={"since": utc_now()})
        return before.since is None

    def seal(self, dataset: str, until: datetime) -> None:
        """Hide it, with its samples, and keep it so until then at least; if it is sealed, only change the time. Raises
        Busy, StorageFull, Damaged."""
        with self._change() as hidings:
            before = hidings.get(dataset, Hiding())
            hidings[dataset] = before.model_copy(
                update={"since": before.since or utc_now(), "sealed_until": until.astimezone(UTC)}
            )

    def move_seal(self, dataset: str, until: datetime) -> None:
        """Seal it until another time; what was revealed stays revealed. Raises Busy, StorageFull, Damaged."""
        with self._change() as hidings:
            before = hidings.get(dataset, Hiding())
            if before.sealed_until is not None:
                hidings[dataset] = before.model_copy(update={"sealed_until": until.astimezone(UTC)})

    def reveal(self, dataset: str) -> None:
        """Raises InvalidState if it is not hidden, or sealed; Busy, StorageFull, Damaged."""
        with self._change() as hidings:
            before = hidings.get(dataset, Hiding())
            _check_unsealed(dataset, before)
            if before.since is None:
                raise InvalidState(
                    f'the test results of dataset {dataset} are not hidden; PATCH {{"hide_test": true}} to '
                    f"/datasets/{dataset} hides them"
                )
            shown = {"since": None, "sealed_until": None, "reveals": (*before.reveals, utc_now())}
            hidings[dataset] = before.model_copy(update=shown)

    def forget(self, dataset: str) -> None:
        """Before another dataset gets its name. Raises Busy, StorageFull, Damaged."""
        if self.get(dataset) != Hiding():
            with self._change() as hidings:
                hidings.pop(dataset, None)

    @contextmanager
    def _change(self) -> Iterator[dict[str, Hiding]]:
        with lock_folder(self._path.parent):
            stored = self._hidings()
            if stored is None:
                raise Damaged(
                    f"{self._path.name} in {self._path.parent} does not parse, and the test results of every dataset "
                    "are withheld; restore it from a backup, or delete it to show them all"
                )
            changed = dict(stored)
            yield changed
            if changed != stored:
                write_atomic(self._path, _HIDINGS.dump_json(changed))
                self._changed_at = time.monotonic()

    def _hidings(self, max_age: float = 0.0) -> Mapping[str, Hiding] | None:
        """None if the file does not parse."""
        now = time.monotonic()
        look = self._look
        if look.at > max(now - max_age, self._changed_at):
            return look.hidings
        mark, hidings = self.mark, look.hidings
        if look.mark != mark:
            hidings = self._read() if mark else {}
        # In one step: a thread that is late takes what it saw for what there was then.
        self._look = _Look(now, mark, hidings)
        return hidings

    def _read(self) -> Mapping[str, Hiding] | None:
        try:
            return _HIDINGS.validate_json(self._path.read_bytes())
        except ValidationError:
            log.error("%s does not parse: test results of all datasets are withheld", self._path)
            return None


def _check_unsealed(dataset: str, hiding: Hiding) -> None:
    if hiding.is_sealed(utc_now()):
        raise InvalidState(
            f"the test split of dataset {dataset} is sealed until {hiding.sealed_until:%Y-%m-%d %H:%M} UTC, for an "
            "assignment; GET /assignments lists them"
        )
