"""Peeks: how often somebody has looked at the test results of experiments; a file for each dataset.

Results that were looked at and then acted upon are no longer those of unseen samples: the more often that happens, the
more the best of them is luck.
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from models_store.errors import StoreError
from models_store.file_cache import FileCache
from models_store.files import append_line
from models_store.frozen import Frozen, utc_now

# A person who looks at a run makes many requests.
LOOK = timedelta(hours=1)
_SUFFIX = ".peeks.jsonl"

log = logging.getLogger(__name__)


class Peek(Frozen):
    """Somebody looks at the test results of an experiment."""

    experiment_id: str
    at: datetime


class PeekCounts:
    """Of one dataset, from the lines of its file: what follows within an hour of a peek that counts belongs to it, so
    that a line that two processes have written counts once."""

    def __init__(self) -> None:
        self.by_experiment: dict[str, int] = {}
        self._last: dict[str, datetime] = {}

    @property
    def total(self) -> int:
        return sum(self.by_experiment.values())

    def counts(self, peek: Peek) -> bool:
        last = self._last.get(peek.experiment_id)
        return last is None or peek.at - last >= LOOK

    def add(self, peek: Peek) -> None:
        if self.counts(peek):
            self._last[peek.experiment_id] = peek.at
            self.by_experiment[peek.experiment_id] = self.by_experiment.get(peek.experiment_id, 0) + 1


class Peeks:
    """`<dataset>.peeks.jsonl` in `folder`, a line for each peek, appended and synced. A read costs one stat where
    nothing is new. Safe for any number of threads, processes and machines."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = FileCache[PeekCounts]()

    def of(self, dataset: str) -> PeekCounts:
        path = self._path(dataset)
        return self._files.get(path, lambda: _read(path))

    def add(self, dataset: str, experiment_id: str) -> bool:
        """False if it belongs to one that was counted within the last hour, or if it cannot be written: results are
        shown all the same."""
        peek = Peek(experiment_id=experiment_id, at=utc_now())
        if not self.of(dataset).counts(peek):
            return False
        try:
            append_line(self._path(dataset), peek.model_dump_json().encode())
        except (StoreError, OSError) as error:
            log.warning("a look at the test results of %s is not counted: %s", experiment_id, error)
            return False
        return True

    def forget(self, dataset: str) -> None:
        """Before another dataset gets its name."""
        with suppress(FileNotFoundError):
            self._path(dataset).unlink()

    def _path(self, dataset: str) -> Path:
        return self._folder / f"{dataset}{_SUFFIX}"


def _read(path: Path) -> PeekCounts:
    counts = PeekCounts()
    with suppress(FileNotFoundError):
        for line in path.read_bytes().splitlines():
            with suppress(ValidationError):
                counts.add(Peek.model_validate_json(line))
    return counts
