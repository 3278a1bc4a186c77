"""Reports of the attempt that runs, between two changes of its record: in keys of their own, merged when the record is
read, so that a report costs no entry of the index."""

from contextlib import suppress
from typing import Self, cast

from pydantic import ValidationError
from redis import Redis

from models_store import keys
from models_store.experiments.index_entries import memberships
from models_store.experiments.index_scripts import REPORT, progress_event
from models_store.experiments.points import Best, MetricValues
from models_store.experiments.record import Progress, Record
from models_store.experiments.sparkline import Sparkline
from models_store.frozen import Frozen


class LiveProgress(Frozen):
    """Of attempt number `attempt`."""

    attempt: int
    progress: Progress


class LiveEpochs(Frozen):
    """Of attempt number `attempt`; the others are fields of the record."""

    attempt: int
    epochs_completed: int
    epoch_seconds: float | None
    best: Best | None
    best_metrics: MetricValues
    last_metrics: MetricValues
    sparkline: Sparkline

    @classmethod
    def of(cls, record: Record) -> Self:
        return cls(attempt=record.attempts, **{name: getattr(record, name) for name in EPOCH_FIELDS})


EPOCH_FIELDS = tuple(name for name in LiveEpochs.model_fields if name != "attempt")


class Reports:
    """Each is shown for an hour, and while its attempt runs. Methods raise redis's errors."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._report = redis.register_script(REPORT)

    def show_progress(self, record: Record) -> bool:
        """Show the progress of a record that runs, and nothing else of it; False if the view does not have its attempt
        as running: all of it is to be shown then."""
        if record.progress is None:
            return False
        progress = LiveProgress(attempt=record.attempts, progress=record.progress)
        return self._show(record, keys.progress(record.id), progress, progress_event(record), "")

    def show_epochs(self, record: Record) -> bool:
        """The same for what its epochs have brought, with its place in lists by accuracy."""
        accuracy = str(memberships(record)[keys.index("val_accuracy")])
        return self._show(record, keys.live(record.id), LiveEpochs.of(record), "", accuracy)

    def _show(self, record: Record, key: str, report: Frozen, event: str, accuracy: str) -> bool:
        names = [keys.experiment(record.id), keys.changes(record.id), key, keys.EVENTS]
        arguments: list[str | int] = [record.id, record.attempts, keys.CHANGES_SECONDS, report.model_dump_json()]
        arguments += [event, accuracy, keys.index("val_accuracy", "")]
        return bool(self._report(keys=names, args=arguments))

    def merge_into(self, records: list[Record]) -> list[Record]:
        """With what those that run have reported since."""
        running = [record.id for record in records if record.is_running]
        if not running:
            return records
        names = [name(each) for each in running for name in (keys.progress, keys.live)]
        reports = iter(cast(list[str | None], self._redis.mget(names)))
        return [_merge(record, next(reports), next(reports)) if record.is_running else record for record in records]


def _merge(record: Record, progress: str | None, epochs: str | None) -> Record:
    """A record that runs, with what its attempt has reported since; `progress` and `epochs` are JSON. What another
    attempt has left behind, or does not parse, is ignored."""
    update: dict[str, object] = {}
    with suppress(ValidationError):
        shown = LiveProgress.model_validate_json(progress) if progress else None
        if shown is not None and shown.attempt == record.attempts:
            update["progress"] = shown.progress
    with suppress(ValidationError):
        live = LiveEpochs.model_validate_json(epochs) if epochs else None
        if live is not None and live.attempt == record.attempts:
            update |= {name: getattr(live, name) for name in EPOCH_FIELDS}
    return record.model_copy(update=update) if update else record
