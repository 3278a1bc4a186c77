"""How long the experiments of each owner have trained: a line when an attempt begins, and one when it has ended.

Deleting an experiment gives no time back, and a process that is killed between the two loses none: the reconciler
writes the end of what it recovers.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from models_store.file_cache import FileCache
from models_store.files import append_line
from models_store.frozen import Frozen, utc_now

log = logging.getLogger(__name__)


class LedgerLine(Frozen):
    at: datetime
    experiment_id: str
    attempt: int
    event: Literal["begun", "ended"]


class TrainingLedger:
    """`<owner>.<year>-<month>.jsonl` in `folder`, by the month (UTC) of the line; only ever appended to. Safe for any
    number of processes and machines."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = FileCache[tuple[LedgerLine, ...]]()

    def add(self, owner: str, experiment_id: str, attempt: int, event: Literal["begun", "ended"]) -> None:
        """Durably. Of several lines of an attempt the first of its kind counts. Raises StorageFull."""
        line = LedgerLine(at=utc_now(), experiment_id=experiment_id, attempt=attempt, event=event)
        append_line(self._path(owner, line.at), line.model_dump_json().encode())

    def owners(self) -> set[str]:
        """All who have ever trained."""
        return {path.stem.rpartition(".")[0] for path in self._folder.glob("[!.]*.jsonl")}

    def used_seconds(self, owner: str, now: datetime) -> float:
        """In the month of `now`, with what runs."""
        return sum(self.seconds_by_experiment(owner, month_of(now), now).values())

    def seconds_by_experiment(self, owner: str, since: datetime, now: datetime) -> dict[str, float]:
        """From `since` to `now`, with what runs, of those that have trained. An attempt that has begun before, in the
        same month or the one before, counts from `since` on."""
        begun: dict[tuple[str, int], datetime] = {}
        ended: dict[tuple[str, int], datetime] = {}
        for line in self._lines(owner, since, now):
            attempt = (line.experiment_id, line.attempt)
            if line.event == "begun":
                begun.setdefault(attempt, line.at)
            elif attempt in begun:
                ended.setdefault(attempt, line.at)
        seconds: dict[str, float] = {}
        for attempt, at in begun.items():
            trained = _seconds_between(max(at, since), ended.get(attempt, now))
            seconds[attempt[0]] = seconds.get(attempt[0], 0.0) + trained
        return seconds

    def _lines(self, owner: str, since: datetime, now: datetime) -> Iterator[LedgerLine]:
        """From the month before `since` on."""
        month = month_of(month_of(since) - timedelta(days=1))
        while month <= now:
            path = self._path(owner, month)
            month = next_month(month)
            try:
                yield from self._files.get(path, lambda path=path: tuple(_read(path)))  # type: ignore[misc]
            except FileNotFoundError:
                continue

    def _path(self, owner: str, at: datetime) -> Path:
        return self._folder / f"{owner}.{at:%Y-%m}.jsonl"


def month_of(at: datetime) -> datetime:
    """Its beginning."""
    return datetime(at.year, at.month, 1, tzinfo=UTC)


def next_month(at: datetime) -> datetime:
    return month_of(month_of(at) + timedelta(days=31))


def _read(path: Path) -> Iterator[LedgerLine]:
    for line in filter(None, path.read_bytes().splitlines()):
        try:
            yield LedgerLine.model_validate_json(line)
        except ValidationError:
            log.error("a line of %s does not parse and is left out", path)


def _seconds_between(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds())
