"""What keeps experiments that wait from being started at their turn."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from models_store.connection import require_redis
from models_store.errors import Unavailable
from models_store.experiments.needs import Needs
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.jobs.suitability import describe_lack
from models_store.jobs.workers import Workers
from models_store.visibility import private_to

_PAUSED = "the queue is paused"
# Nothing about the machine: it may start as soon as another one ends.
OWNER_HOLDS = "its owner has as many running as allowed, or has used up the minutes of the month"


class WaitReasons:
    def __init__(self, experiments: ExperimentStore, workers: Workers) -> None:
        self._experiments = experiments
        self._workers = workers

    def explain(self, records: Sequence[Record]) -> list[Record]:
        """With `waits_because`; as they are while Redis cannot be reached. What an owner has used up is said to those
        who see what is private to that owner."""
        if any(record.is_queued for record in records):
            with suppress(Unavailable), require_redis():
                return list(self._explained(records))
        return list(records)

    def _explained(self, records: Sequence[Record]) -> Iterator[Record]:
        is_paused = self._experiments.waiting.order.paused
        owners = {record.owner for record in records if record.is_queued and record.owner}
        held = self._experiments.waiting.held_owners({owner for owner in owners if private_to(owner).is_shown})
        alive = self._workers.alive()
        for record in records:
            lack = describe_lack(Needs.of(record) or Needs(), alive)
            reason = _PAUSED if is_paused else lack or (OWNER_HOLDS if record.owner in held else None)
            yield record.model_copy(update={"waits_because": reason}) if record.is_queued else record
